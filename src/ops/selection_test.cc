// Operators that select, order, scatter and count: NonZero, NonMaxSuppression, TopK, Compress,
// Unique, OneHot, ScatterElements, ScatterND.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

Tensor floats(std::initializer_list<std::int64_t> dims, std::initializer_list<float> values) {
  return Tensor::from_values<float>(dims, values);
}
Tensor ints(std::initializer_list<std::int64_t> values) {
  return Tensor::vector_int64(std::span(values.begin(), values.size()));
}
Tensor words(std::initializer_list<std::string> values) {
  return Tensor::from_values<std::string>({static_cast<std::int64_t>(values.size())}, values);
}

Result<std::vector<Tensor>> run(std::string_view op, const std::vector<Tensor>& inputs,
                                ir::AttributeMap attributes = {}, std::size_t outputs = 1) {
  ir::Node node{"n", "", std::string(op), {}, {}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(inputs[i].defined() ? static_cast<ir::ValueId>(i) : ir::kNoValue);
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(static_cast<ir::ValueId>(i));
  return evaluate_node(node, inputs);
}

std::string error_of(std::string_view op, const std::vector<Tensor>& inputs,
                     ir::AttributeMap attributes = {}, std::size_t outputs = 1) {
  const auto result = run(op, inputs, std::move(attributes), outputs);
  return result.ok() ? "no error" : result.error().message();
}

TEST(NonZero, OfAnyTypeAndRank) {
  const auto found = run("NonZero", {floats({2, 3}, {0, NAN, -1, 0, -0.0F, 2})})->at(0);
  EXPECT_THAT(found.dims(), ElementsAre(2, 3));
  EXPECT_THAT(found.to_int64s(), ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_THAT(run("NonZero", {Tensor::scalar(3.0F)})->at(0).dims(), ElementsAre(0, 1));
  EXPECT_THAT(run("NonZero", {Tensor::scalar(false)})->at(0).dims(), ElementsAre(0, 0));
  EXPECT_THAT(run("NonZero", {words({"", "a"})})->at(0).to_int64s(), ElementsAre(1));
  Tensor complex = Tensor::zeros(DataType::kComplex64, {2});
  complex.mutable_bytes()[15] = std::byte{0x3F};
  EXPECT_THAT(run("NonZero", {complex})->at(0).to_int64s(), ElementsAre(1));
  EXPECT_THAT(run("NonZero", {Tensor::zeros(DataType::kFloat16, {0, 4})})->at(0).dims(),
              ElementsAre(2, 0));
}

TEST(NonMaxSuppression, KeepsTheBestOfThoseThatOverlap) {
  const Tensor boxes = floats({1, 3, 4}, {0, 0, 1, 1, 1, 1, 0, 0.1F, 0, 5, 1, 6});
  const Tensor scores = floats({1, 1, 3}, {0.5F, 0.9F, NAN});
  const Tensor half = Tensor::scalar(0.5F);
  const auto with = [&](std::int64_t most, const Tensor& iou, const Tensor& score) {
    return run("NonMaxSuppression", {boxes, scores, ints({most}), iou, score})->at(0).to_int64s();
  };
  EXPECT_THAT(with(3, half, {}), ElementsAre(0, 0, 1, 0, 0, 2)) << "no number is the least";
  EXPECT_THAT(with(3, half, Tensor::scalar(0.0F)), ElementsAre(0, 0, 1));
  EXPECT_THAT(with(3, Tensor::scalar(0.95F), Tensor::scalar(0.0F)), ElementsAre(0, 0, 1, 0, 0, 0));
  EXPECT_THAT(with(1, half, {}), ElementsAre(0, 0, 1));
  EXPECT_THAT(with(0, half, {}), ElementsAre());
  EXPECT_THAT(run("NonMaxSuppression", {boxes, scores})->at(0).dims(), ElementsAre(0, 3));
  EXPECT_EQ(error_of("NonMaxSuppression", {boxes, scores, ints({1}), Tensor::scalar(1.5F)}),
            "iou_threshold is 1.5, expected 0 to 1");
  EXPECT_EQ(error_of("NonMaxSuppression", {boxes, scores}, {{"center_point_box", std::int64_t{2}}}),
            "center_point_box is 2, expected 0 or 1");
  EXPECT_EQ(error_of("NonMaxSuppression", {boxes, floats({1, 1, 2}, {1, 2})}),
            "scores [1,1,2] do not fit boxes [1,3,4]");
}

TEST(TopK, OrdersAlongAnyAxis) {
  const Tensor x = floats({2, 3}, {1, 3, 2, 3, 3, NAN});
  auto top = *run("TopK", {x, ints({2})}, {}, 2);
  EXPECT_THAT(top[1].to_int64s(), ElementsAre(1, 2, 2, 0)) << "what is no number is largest";
  top = *run("TopK", {x, ints({1})}, {{"axis", std::int64_t{0}}, {"largest", std::int64_t{0}}}, 2);
  EXPECT_THAT(top[0].to_floats(), ElementsAre(1, 3, 2));
  EXPECT_THAT(top[1].to_int64s(), ElementsAre(0, 0, 0));
  EXPECT_THAT(run("TopK", {x, ints({0})}, {}, 2)->at(1).dims(), ElementsAre(2, 0));
  EXPECT_EQ(error_of("TopK", {x, ints({4})}, {}, 2),
            "K is 4, expected at most the extent 3 of axis 1");
  EXPECT_THAT(error_of("TopK", {x, ints({-1})}, {}, 2), HasSubstr("K is -1"));
  EXPECT_EQ(error_of("TopK", {x, ints({1})}, {{"axis", std::int64_t{2}}}, 2),
            "axis 2 is out of range for rank 2");
}

TEST(Compress, TakesWhatTheConditionNames) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor some = Tensor::from_values<bool>({2}, {false, true});
  EXPECT_THAT(run("Compress", {x, some})->at(0).to_floats(), ElementsAre(2));
  EXPECT_THAT(run("Compress", {x, some}, {{"axis", std::int64_t{-1}}})->at(0).to_floats(),
              ElementsAre(2, 5));
  EXPECT_THAT(run("Compress", {words({"a", "b"}), some})->at(0).data<std::string>(),
              ElementsAre("b"));
  const Tensor far = Tensor::from_values<bool>({3}, {false, false, true});
  EXPECT_EQ(error_of("Compress", {x, far}, {{"axis", std::int64_t{0}}}),
            "condition selects 2, which is out of range for extent 2");
}

TEST(Unique, OfElementsAndOfSlices) {
  auto found = *run("Unique", {floats({6}, {2, NAN, 1, NAN, 2, -0.0F})}, {}, 4);
  EXPECT_THAT(found[1].to_int64s(), ElementsAre(5, 2, 0, 1));
  EXPECT_THAT(found[2].to_int64s(), ElementsAre(2, 3, 1, 3, 2, 0));
  EXPECT_THAT(found[3].to_int64s(), ElementsAre(1, 1, 2, 2));
  found = *run("Unique", {words({"b", "a", "b"})}, {{"sorted", std::int64_t{0}}}, 4);
  EXPECT_THAT(found[0].data<std::string>(), ElementsAre("b", "a"));
  EXPECT_THAT(found[2].to_int64s(), ElementsAre(0, 1, 0));
  found = *run("Unique", {floats({2, 3}, {2, 1, 2, 0, 5, 0})}, {{"axis", std::int64_t{1}}}, 4);
  EXPECT_THAT(found[0].to_floats(), ElementsAre(1, 2, 5, 0));
  EXPECT_THAT(found[3].to_int64s(), ElementsAre(1, 2));
  EXPECT_THAT(run("Unique", {Tensor::zeros(DataType::kFloat32, {0})}, {}, 4)->at(2).dims(),
              ElementsAre(0));
  EXPECT_THAT(error_of("Unique", {Tensor::zeros(DataType::kFloat32, {1 << 20, 0})},
                       {{"axis", std::int64_t{0}}}),
              HasSubstr("without elements"));
}

TEST(OneHot, LeavesOutWhatIsOutOfRange) {
  const Tensor off_on = ints({5, 7});
  const auto hot = run("OneHot", {ints({0, -1, 3, -4}), ints({3}), off_on})->at(0);
  EXPECT_THAT(hot.dims(), ElementsAre(4, 3));
  EXPECT_THAT(hot.to_int64s(), ElementsAre(7, 5, 5, 5, 5, 7, 5, 5, 5, 5, 5, 5));
  EXPECT_THAT(run("OneHot", {floats({2}, {1.9F, 0}), Tensor::scalar(2.5F), words({"-", "+"})},
                  {{"axis", std::int64_t{0}}})
                  ->at(0)
                  .data<std::string>(),
              ElementsAre("-", "+", "+", "-"));
  EXPECT_EQ(error_of("OneHot", {ints({0}), ints({-1}), off_on}), "depth is -1");
  EXPECT_EQ(error_of("OneHot", {ints({0}), ints({3}), ints({1})}),
            "input 2 (values) has shape [1], expected [2]");
  EXPECT_FALSE(run("OneHot", {ints({0}), ints({INT64_MAX}), off_on}).ok());
}

TEST(Scatter, ReducesWhatMeets) {
  const Tensor data = floats({3}, {1, 2, 3});
  const auto reduce = [&](const char* reduction) {
    return run("ScatterElements", {data, ints({1, -2, 2}), floats({3}, {5, 4, -6})},
               {{"reduction", std::string(reduction)}})
        ->at(0)
        .to_floats();
  };
  EXPECT_THAT(reduce("none"), ElementsAre(1, 4, -6));
  EXPECT_THAT(reduce("add"), ElementsAre(1, 11, -3));
  EXPECT_THAT(reduce("mul"), ElementsAre(1, 40, -18));
  EXPECT_THAT(reduce("max"), ElementsAre(1, 5, 3));
  EXPECT_THAT(reduce("min"), ElementsAre(1, 2, -6));
  const Tensor bools = Tensor::from_values<bool>({2}, {true, false});
  const auto both =
      run("ScatterElements", {bools, ints({0, 1}), bools}, {{"reduction", std::string("mul")}});
  EXPECT_THAT(both->at(0).to_int64s(), ElementsAre(1, 0));
}

TEST(Scatter, RefusesWhatDoesNotFit) {
  const Tensor data = floats({3}, {1, 2, 3});
  const Tensor one = floats({1}, {9});
  EXPECT_EQ(error_of("ScatterElements", {data, ints({3}), one}),
            "indices has the value 3, which is out of range for extent 3 of axis 0");
  EXPECT_EQ(error_of("ScatterElements", {data, ints({INT64_MIN}), one}),
            "indices has the value -9223372036854775808, which is out of range for extent 3 of "
            "axis 0");
  EXPECT_EQ(error_of("ScatterElements", {data, ints({0, 1}), one}),
            "updates have shape [1], expected [2] as the indices");
  EXPECT_EQ(error_of("ScatterElements", {data, ints({0}), one}, {{"reduction", std::string("x")}}),
            "reduction is 'x'");
  EXPECT_EQ(error_of("ScatterND", {data, ints({0, 0}), one}),
            "indices [2] name 2 axes, but data has shape [3]");
  EXPECT_EQ(error_of("ScatterND", {data, ints({0}), one}), "updates have shape [1], expected []");
  EXPECT_THAT(error_of("ScatterND", {data, ints({-4}), Tensor::scalar(9.0F)}),
              HasSubstr("indices has the value -4"));
  EXPECT_EQ(error_of("ScatterElements", {words({"a"}), ints({0}), words({"b"})},
                     {{"reduction", std::string("add")}}),
            "reduction 'add' of string");
}

}  // namespace
}  // namespace lathe::ops

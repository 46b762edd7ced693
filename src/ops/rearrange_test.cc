// ReverseSequence, CenterCropPad, TensorScatter; Squeeze and Unsqueeze whose axes come with a run.
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/infer_shapes.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Shape;
using ir::Tensor;
using testing::ElementsAre;
using Ints = std::vector<std::int64_t>;

Tensor list(const Ints& values) { return Tensor::vector_int64(values); }

std::string inferred(std::string_view op, const std::vector<ir::TensorType>& inputs,
                     ir::AttributeMap attributes = {}) {
  Graph g;
  std::vector<ir::ValueId> ids;
  for (const ir::TensorType& type : inputs) ids.push_back(g.add_input("x", type));
  g.set_outputs({g.add(op, ids, std::move(attributes), "y")});
  const Status status = infer_shapes(g);
  return status.ok() ? g.type(g.outputs()[0]).to_string() : status.error().message();
}

ir::TensorType float_type(Shape shape) { return {DataType::kFloat32, std::move(shape)}; }
ir::TensorType list_type(Dim length) { return {DataType::kInt64, Shape{std::move(length)}}; }

TEST(ReverseSequence, EachSequenceAlone) {
  const Tensor x = ints({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(run_ints("ReverseSequence", {x, list({3, 2})}), ElementsAre(5, 4, 3, 2, 1, 6));
  const ir::AttributeMap batch_first{{"batch_axis", std::int64_t{0}},
                                     {"time_axis", std::int64_t{1}}};
  EXPECT_THAT(run_ints("ReverseSequence", {x, list({2, 0, 1})}, batch_first),
              ElementsAre(2, 1, 3, 4, 5, 6));
}

TEST(ReverseSequence, RefusesWhatDoesNotFit) {
  const Tensor x = ints({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(refusal_of("ReverseSequence", {x, list({3, 4})}),
            "sequence_lens has the value 4, expected 0 to the extent 3");
  EXPECT_EQ(refusal_of("ReverseSequence", {x, list({3, -1})}),
            "sequence_lens has the value -1, expected 0 to the extent 3");
  EXPECT_EQ(refusal_of("ReverseSequence", {x, list({3, 1, 2})}),
            "input 1 (sequence_lens) has shape [3], expected [2]");
  EXPECT_EQ(refusal_of("ReverseSequence", {list({1}), list({1})}),
            "input has shape [1], expected rank 2 or more");
  EXPECT_EQ(refusal_of("ReverseSequence", {x, list({1, 1})}, {{"time_axis", std::int64_t{1}}}),
            "batch_axis is 1 and time_axis 1, expected 0 and 1 or 1 and 0");
  EXPECT_EQ(refusal_of("ReverseSequence", {x, list({1, 1})}, {{"batch_axis", std::int64_t{-1}}}),
            "batch_axis is -1 and time_axis 0, expected 0 and 1 or 1 and 0");
}

TEST(CenterCropPad, TheOddOneIsAtTheEnd) {
  const Tensor x = list({1, 2, 3, 4});
  EXPECT_THAT(run_ints("CenterCropPad", {x, list({1})}), ElementsAre(2));
  EXPECT_THAT(run_ints("CenterCropPad", {x, list({2})}), ElementsAre(2, 3));
  EXPECT_THAT(run_ints("CenterCropPad", {x, list({7})}), ElementsAre(0, 1, 2, 3, 4, 0, 0));
  const Tensor row = ints({1, 4}, {1, 2, 3, 4});
  EXPECT_THAT(run_ints("CenterCropPad", {row, list({2, 3})}), ElementsAre(1, 2, 3, 0, 0, 0));
  EXPECT_THAT(run_ints("CenterCropPad", {row, list({3})}, {{"axes", Ints{-1}}}),
              ElementsAre(1, 2, 3));
  EXPECT_EQ(run("CenterCropPad", {row, list({0, 3})})->num_elements(), 0);
}

TEST(CenterCropPad, RefusesWhatDoesNotFit) {
  const Tensor row = ints({1, 4}, {1, 2, 3, 4});
  EXPECT_EQ(refusal_of("CenterCropPad", {row, list({2})}),
            "input 1 (shape) has 1 extents for 2 axes");
  EXPECT_EQ(refusal_of("CenterCropPad", {row, list({2, -1})}), "input 1 (shape) has the extent -1");
  EXPECT_EQ(refusal_of("CenterCropPad", {row, list({2, 2})}, {{"axes", Ints{1, -1}}}),
            "axis -1 appears twice");
  EXPECT_EQ(refusal_of("CenterCropPad", {row, list({2})}, {{"axes", Ints{2}}}),
            "axis 2 is out of range for rank 2");
  EXPECT_NE(refusal_of("CenterCropPad", {row, list({INT64_MAX, INT64_MAX})}), "ok");
}

TEST(CenterCropPad, ExtentsAtRunTime) {
  const Dim n = Dim::symbol("N");
  EXPECT_EQ(
      inferred("CenterCropPad", {float_type({n, 3, 4}), list_type(2)}, {{"axes", Ints{1, 2}}}),
      "float32[N,?,?]");
  EXPECT_EQ(inferred("CenterCropPad", {float_type({n, 3}), list_type(Dim())}), "float32[?,?]");
  EXPECT_EQ(inferred("CenterCropPad", {{DataType::kFloat32, std::nullopt}, list_type(2)}),
            "float32[*]");
}

TEST(TensorScatter, WritesEachSampleElsewhere) {
  const Tensor cache = Tensor::zeros(DataType::kInt64, {2, 3, 1});
  const Tensor update = ints({2, 2, 1}, {1, 2, 3, 4});
  EXPECT_THAT(run_ints("TensorScatter", {cache, update}), ElementsAre(1, 2, 0, 3, 4, 0));
  EXPECT_THAT(run_ints("TensorScatter", {cache, update, list({1, 0})}),
              ElementsAre(0, 1, 2, 3, 4, 0));
  const ir::AttributeMap circular{{"mode", std::string("circular")}};
  EXPECT_THAT(run_ints("TensorScatter", {cache, update, list({2, 4})}, circular),
              ElementsAre(2, 0, 1, 0, 3, 4));
  EXPECT_THAT(run_ints("TensorScatter", {cache, update, list({INT64_MAX, INT64_MIN})}, circular),
              ElementsAre(0, 1, 2, 0, 3, 4))
      << "modulo 3 both are 1";
}

TEST(TensorScatter, RefusesWhatDoesNotFit) {
  const Tensor cache = Tensor::zeros(DataType::kInt64, {2, 3, 1});
  const Tensor update = ints({2, 2, 1}, {1, 2, 3, 4});
  const auto refused = [&](const Tensor& places, ir::AttributeMap attributes = {}) {
    return refusal_of("TensorScatter", {cache, update, places}, std::move(attributes));
  };
  EXPECT_EQ(refused(list({2, 0})),
            "write_indices has the value 2, expected 0 to 1: the cache has 3 places, the update 2");
  EXPECT_EQ(refused(list({0, INT64_MIN})),
            "write_indices has the value -9223372036854775808, expected 0 to 1: the cache has 3 "
            "places, the update 2");
  EXPECT_EQ(refused(list({0})), "input 2 (write_indices) has shape [1], expected [2]");
  EXPECT_EQ(refused({}, {{"axis", std::int64_t{0}}}), "axis is 0, which is that of the batch");
  EXPECT_EQ(refused({}, {{"axis", std::int64_t{-4}}}), "axis -4 is out of range for rank 3");
  EXPECT_EQ(refused({}, {{"mode", std::string("ring")}}),
            "mode is 'ring', expected 'linear' or 'circular'");
  EXPECT_EQ(refusal_of("TensorScatter", {update, cache}),
            "input 1 (update) [2,3,1] does not fit input 0 (past_cache) [2,2,1] along axis 1");
  EXPECT_EQ(refusal_of("TensorScatter", {cache, list({1})}),
            "input 1 (update) [1] does not fit input 0 (past_cache) [2,3,1] along axis 1");
}

TEST(Squeeze, AxesAtRunTime) {
  const ir::TensorType x = float_type({Dim::symbol("N"), 1, 3});
  EXPECT_EQ(inferred("Squeeze", {x, list_type(1)}), "float32[?,?]");
  EXPECT_EQ(inferred("Squeeze", {x, list_type(Dim())}), "float32[*]");
  EXPECT_EQ(inferred("Squeeze", {x, {DataType::kInt64, Shape{}}}), "float32[?,?]");
  EXPECT_EQ(inferred("Squeeze", {x}), "float32[*]");
  EXPECT_EQ(inferred("Squeeze", {x, list_type(4)}),
            "node y (Squeeze): input 1 (axes) has 4 axes, but the input has shape [N,1,3]");
  EXPECT_EQ(inferred("Unsqueeze", {x, list_type(2)}), "float32[?,?,?,?,?]");
  EXPECT_EQ(inferred("Unsqueeze", {x, list_type(Dim())}), "float32[*]");
}

TEST(Squeeze, RunsWithAxesThatAreComputed) {
  Graph g;
  const ir::ValueId x = g.add_input("x", float_type({1, 2, 1}));
  const ir::ValueId axes = g.add_input("axes", list_type(Dim()));
  g.set_outputs({g.add("Squeeze", std::array{x, axes}), g.add("Unsqueeze", std::array{x, axes})});
  ASSERT_TRUE(infer_shapes(g).ok());
  const Tensor given = Tensor::zeros(DataType::kFloat32, {1, 2, 1});
  const auto outputs = evaluate(g, std::array{given, list({-1})});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(0).dims(), ElementsAre(1, 2));
  EXPECT_THAT(outputs->at(1).dims(), ElementsAre(1, 2, 1, 1));
  EXPECT_FALSE(evaluate(g, std::array{given, list({1})}).ok()) << "its extent is 2";
  EXPECT_FALSE(evaluate(g, std::array{given, list({7})}).ok());
}

}  // namespace
}  // namespace lathe::ops

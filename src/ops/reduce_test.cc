#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/infer_shapes.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;
using testing::IsNan;
using Ints = std::vector<std::int64_t>;

const Tensor& second_axis() {
  static const Tensor axes = ints({1}, {1});
  return axes;
}

TEST(Reduce, EveryReduction) {
  const Tensor x = floats({2, 3}, {1, -2, 3, 4, 5, -6});
  const auto reduce = [&](std::string_view op) { return run_floats(op, {x, second_axis()}); };
  EXPECT_THAT(reduce("ReduceSum"), ElementsAre(2, 3));
  EXPECT_THAT(reduce("ReduceMean"), ElementsAre(FloatEq(2.0F / 3), 1));
  EXPECT_THAT(reduce("ReduceMax"), ElementsAre(3, 5));
  EXPECT_THAT(reduce("ReduceMin"), ElementsAre(-2, -6));
  EXPECT_THAT(reduce("ReduceProd"), ElementsAre(-6, -120));
  EXPECT_THAT(reduce("ReduceSumSquare"), ElementsAre(14, 77));
  EXPECT_THAT(reduce("ReduceL1"), ElementsAre(6, 15));
  EXPECT_THAT(reduce("ReduceL2"), ElementsAre(std::sqrt(14.0F), std::sqrt(77.0F)));
  EXPECT_THAT(reduce("ReduceLogSum"), ElementsAre(std::log(2.0F), std::log(3.0F)));
  EXPECT_THAT(reduce("ReduceLogSumExp"), ElementsAre(FloatEq(3.1328452F), FloatEq(5.3132739F)));
}

TEST(Reduce, Axes) {
  const Tensor x = ints({2, 1, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run("ReduceSum", {x})->dims(), (Ints{1, 1, 1}));
  EXPECT_THAT(run_ints("ReduceSum", {x}), ElementsAre(21));
  EXPECT_EQ(run("ReduceSum", {x, ints({2}, {0, -1})}, {{"keepdims", std::int64_t{0}}})->dims(),
            (Ints{1}));
  EXPECT_EQ(run("ReduceSum", {x, ints({0}, {})})->dims(), (Ints{1, 1, 1}));
  // Nothing is reduced, but each number still squared.
  const ir::AttributeMap none{{"noop_with_empty_axes", std::int64_t{1}}};
  EXPECT_TRUE(run("ReduceSum", {x}, none)->identical(x));
  EXPECT_THAT(run_ints("ReduceSumSquare", {x}, none), ElementsAre(1, 4, 9, 16, 25, 36));
  EXPECT_THAT(refusal_of("ReduceMax", {x, ints({2}, {1, -2})}), HasSubstr("appears twice"));
  EXPECT_THAT(refusal_of("ReduceMax", {x, ints({1}, {3})}), HasSubstr("axis 3 is out of range"));
}

TEST(Reduce, Integers) {
  const Tensor x = Tensor::from_values<std::int32_t>({4}, {INT32_MAX, 1, -7, 2});
  EXPECT_THAT(run_ints("ReduceSum", {x}), ElementsAre(INT32_MAX - 4));
  EXPECT_THAT(run_ints("ReduceMean", {ints({2}, {-4, 1})}), ElementsAre(-1)) << "truncated";
  EXPECT_THAT(run_ints("ReduceL2", {ints({2}, {2, 3})}), ElementsAre(3)) << "truncated";
  EXPECT_THAT(run_ints("ReduceL1", {ints({2}, {INT64_MIN, 0})}), ElementsAre(INT64_MIN)) << "wraps";
  EXPECT_THAT(run_ints("ReduceProd", {Tensor::from_values<std::uint64_t>({2}, {1ULL << 63, 2})}),
              ElementsAre(0));
  EXPECT_THAT(run_ints("ReduceMax", {Tensor::from_values<std::int8_t>({2}, {-3, -5})}),
              ElementsAre(-3));
  EXPECT_THAT(refusal_of("ReduceLogSum", {x}), HasSubstr("expected "));
}

TEST(Reduce, Booleans) {
  const Tensor x = truths({2, 2}, {true, false, true, true});
  EXPECT_THAT(run_ints("ReduceMax", {x, second_axis()}), ElementsAre(1, 1));
  EXPECT_THAT(run_ints("ReduceMin", {x, second_axis()}), ElementsAre(0, 1));
}

TEST(Reduce, NoNumbersAtAll) {
  const Tensor x = Tensor::zeros(DataType::kFloat32, {1, 0});
  const auto reduce = [&](std::string_view op) { return run_floats(op, {x, second_axis()})[0]; };
  EXPECT_EQ(reduce("ReduceSum"), 0);
  EXPECT_EQ(reduce("ReduceProd"), 1);
  EXPECT_EQ(reduce("ReduceL2"), 0);
  EXPECT_EQ(reduce("ReduceMax"), -INFINITY);
  EXPECT_EQ(reduce("ReduceMin"), INFINITY);
  EXPECT_EQ(reduce("ReduceLogSum"), -INFINITY);
  EXPECT_EQ(reduce("ReduceLogSumExp"), -INFINITY);
  EXPECT_TRUE(std::isnan(reduce("ReduceMean")));
  const Tensor integers = Tensor::zeros(DataType::kInt32, {0});
  EXPECT_THAT(run_ints("ReduceMax", {integers}), ElementsAre(INT32_MIN));
  EXPECT_THAT(run_ints("ReduceMin", {integers}), ElementsAre(INT32_MAX));
  EXPECT_THAT(run_ints("ReduceMean", {integers}), ElementsAre(0));
}

TEST(Reduce, InfinitiesAndNaN) {
  EXPECT_THAT(run_floats("ReduceMax", {floats({3}, {1, NAN, 2})}), ElementsAre(IsNan()));
  EXPECT_THAT(run_floats("ReduceMin", {floats({3}, {1, NAN, 2})}), ElementsAre(IsNan()));
  const auto log_sum_exp = [](std::initializer_list<float> values) {
    return run_floats("ReduceLogSumExp",
                      {floats({static_cast<std::int64_t>(values.size())}, values)})[0];
  };
  EXPECT_FLOAT_EQ(log_sum_exp({1000, 1000}), 1000 + std::log(2.0F));
  EXPECT_EQ(log_sum_exp({-INFINITY, -INFINITY}), -INFINITY);
  EXPECT_EQ(log_sum_exp({INFINITY, 1, INFINITY}), INFINITY);
  EXPECT_EQ(log_sum_exp({-INFINITY, 3}), 3);
  EXPECT_TRUE(std::isnan(log_sum_exp({1, NAN, 2})));
}

TEST(Reduce, ShapesOfAxesThatComeLate) {
  const auto type = [](std::int64_t keep) {
    ir::Graph g;
    const auto x = g.add_input("x", {DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 3}});
    const auto axes = g.add_input("axes", {DataType::kInt64, ir::Shape{1}});
    g.set_outputs({g.add("ReduceMax", std::array{x, axes}, {{"keepdims", keep}})});
    EXPECT_TRUE(infer_shapes(g).ok());
    const auto y = evaluate(g, std::array{floats({2, 3}, {1, 2, 3, 4, 5, 6}), second_axis()});
    EXPECT_TRUE(y.ok() && y->at(0).to_floats() == (std::vector<float>{3, 6}));
    return g.type(g.outputs()[0]).to_string();
  };
  EXPECT_EQ(type(1), "float32[?,?]");
  EXPECT_EQ(type(0), "float32[*]");
}

TEST(Reduce, PlacesOfExtremes) {
  const Tensor x = floats({2, 3}, {1, 3, 3, 2, 0, 0});
  const auto of = [](std::int64_t axis, std::int64_t last) {
    return ir::AttributeMap{
        {"axis", axis}, {"select_last_index", last}, {"keepdims", std::int64_t{0}}};
  };
  EXPECT_THAT(run_ints("ArgMax", {x}, of(1, 0)), ElementsAre(1, 0));
  EXPECT_THAT(run_ints("ArgMax", {x}, of(-1, 1)), ElementsAre(2, 0));
  EXPECT_THAT(run_ints("ArgMin", {x}, of(1, 0)), ElementsAre(0, 1));
  EXPECT_THAT(run_ints("ArgMin", {x}, of(1, 1)), ElementsAre(0, 2));
  EXPECT_THAT(run_ints("ArgMin", {x}, of(0, 0)), ElementsAre(0, 1, 1));
  EXPECT_EQ(run("ArgMax", {x})->type().to_string(), "int64[1,3]");
  EXPECT_THAT(run_ints("ArgMax", {floats({4}, {1, NAN, 2, NAN})}), ElementsAre(1));
  EXPECT_THAT(run_ints("ArgMin", {floats({4}, {1, NAN, 2, NAN})}, of(0, 1)), ElementsAre(3));
  EXPECT_THAT(refusal_of("ArgMax", {Tensor::zeros(DataType::kFloat32, {2, 0})}, of(1, 0)),
              HasSubstr("axis 1 has no elements"));
  EXPECT_EQ(run("ArgMax", {Tensor::zeros(DataType::kFloat32, {2, 0})}, of(0, 0))->dims(),
            (Ints{0}));
  EXPECT_THAT(refusal_of("ArgMax", {x}, of(2, 0)), HasSubstr("axis 2 is out of range for rank 2"));
}

}  // namespace
}  // namespace lathe::ops

// Dropout and BatchNormalization in training mode.
#include <array>
#include <cmath>
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
using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;

Result<std::vector<Tensor>> drop(const Tensor& x, const Tensor& ratio, ir::AttributeMap seed = {}) {
  return run_all("Dropout", {x, ratio, Tensor::scalar(true)}, std::move(seed), "", 2);
}

TEST(Dropout, DropsAboutTheRatioAndScalesTheRest) {
  constexpr std::int64_t kCount = 10000;
  const Tensor ones = Tensor::from_values<float>(std::array{kCount}, std::vector<float>(kCount, 1));
  const auto outputs = drop(ones, Tensor::scalar(0.25F), {{"seed", std::int64_t{-3}}});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  const auto y = outputs->at(0).data<float>();
  const auto mask = outputs->at(1).data<bool>();
  std::int64_t kept = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    EXPECT_FLOAT_EQ(y[i], mask[i] ? 4.0F / 3 : 0.0F);
    kept += mask[i] ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(kept), 7500, 200);
}

TEST(Dropout, TheSeedDecides) {
  const Tensor x =
      Tensor::from_values<double>(std::array<std::int64_t, 1>{64}, std::vector<double>(64, 1));
  const Tensor half = Tensor::scalar(0.5);
  const auto with = [&](std::int64_t seed) { return drop(x, half, {{"seed", seed}})->at(0); };
  EXPECT_TRUE(with(1).identical(with(1)));
  EXPECT_FALSE(with(1).identical(with(2)));
  EXPECT_FALSE(drop(x, half)->at(0).identical(drop(x, half)->at(0)));
}

TEST(Dropout, KeepsAll) {
  const Tensor x = floats({3}, {NAN, -0.0F, INFINITY});
  const auto outputs = drop(x, Tensor::scalar(0.0F));
  EXPECT_TRUE(outputs->at(0).identical(x));
  EXPECT_THAT(outputs->at(1).to_int64s(), ElementsAre(1, 1, 1));
  const auto rest = run_all("Dropout", {x, Tensor::scalar(5.0F), Tensor::scalar(false)});
  ASSERT_TRUE(rest.ok()) << "the ratio is for training";
  EXPECT_TRUE(rest->at(0).identical(x));
}

TEST(Dropout, RefusesOtherRatios) {
  const Tensor x = floats({1}, {1});
  for (const float ratio : {1.0F, -0.5F, INFINITY, NAN}) {
    const auto refused = drop(x, Tensor::scalar(ratio));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message(), fmt::format("ratio is {}, expected [0, 1)", ratio));
  }
}

TEST(Dropout, ModeAtRunTime) {
  Graph g;
  const ir::ValueId x = g.add_input("x", {DataType::kFloat32, Shape{2}});
  const ir::ValueId ratio = g.add_constant("ratio", Tensor::scalar(2.0F));
  const ir::ValueId mode = g.add_input("mode", {DataType::kBool, Shape{}});
  g.set_outputs({g.add("Dropout", std::array{x, ratio, mode})});
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_TRUE(evaluate(g, std::array{floats({2}, {1, 2}), Tensor::scalar(false)}).ok());
  EXPECT_FALSE(evaluate(g, std::array{floats({2}, {1, 2}), Tensor::scalar(true)}).ok());
}

const ir::AttributeMap kTraining{{"training_mode", std::int64_t{1}}, {"momentum", 0.75F}};

TEST(BatchNormalization, StatisticsOfTheBatch) {
  const Tensor x = floats({2, 2, 2}, {1, 3, 0, 0, 5, 7, 0, 8});
  const Tensor one = floats({2}, {1, 1});
  const Tensor zero = floats({2}, {0, 0});
  const auto outputs =
      run_all("BatchNormalization", {x, one, zero, floats({2}, {0, 4}), one}, kTraining, "", 3);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(1).to_floats(), ElementsAre(1, 3.5F));
  EXPECT_THAT(outputs->at(2).to_floats(), ElementsAre(0.75F + 5 * 0.25F, 0.75F + 12 * 0.25F));
  EXPECT_THAT(outputs->at(0).to_floats()[0], FloatNear(-3 / std::sqrt(5.0F), 1e-5F));
  EXPECT_THAT(outputs->at(0).to_floats()[7], FloatNear(6 / std::sqrt(12.0F), 1e-5F));
}

TEST(BatchNormalization, TypesOfStatistics) {
  Graph g;
  const ir::ValueId x =
      g.add_input("x", {DataType::kFloat16, Shape{Dim::symbol("N"), Dim::symbol("C"), 4}});
  std::vector<ir::ValueId> inputs{x};
  for (const DataType type :
       {DataType::kFloat16, DataType::kFloat16, DataType::kFloat64, DataType::kFloat64})
    inputs.push_back(g.add_input("p", {type, std::nullopt}));
  ir::Node node{"n", "", "BatchNormalization", inputs, {}, kTraining};
  for (int i = 0; i < 3; ++i) node.outputs.push_back(g.add_value("y"));
  const std::vector<ir::ValueId> outputs = node.outputs;
  g.add_node(std::move(node));
  g.set_outputs(outputs);
  const Status inferred = infer_shapes(g);
  ASSERT_TRUE(inferred.ok()) << inferred.error().message();
  EXPECT_EQ(g.type(outputs[0]).to_string(), "float16[N,C,4]");
  EXPECT_EQ(g.type(outputs[1]).to_string(), "float64[C]");
  EXPECT_EQ(g.type(outputs[2]).to_string(), "float64[C]");
}

TEST(BatchNormalization, RefusesStatisticsAtRest) {
  const Tensor one = floats({1}, {1});
  EXPECT_EQ(refusal_of("BatchNormalization", {floats({1, 1}, {1}), one, one, one, one}, {}, 3),
            "running statistics are outputs in training alone");
}

TEST(BatchNormalization, OfNoElements) {
  const Tensor one = floats({2}, {1, 1});
  const auto outputs =
      run_all("BatchNormalization",
              {Tensor::zeros(DataType::kFloat32, {0, 2, 3}), one, one, one, one}, kTraining, "", 3);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_THAT(outputs->at(1).to_floats(), Each(testing::IsNan()));
}

}  // namespace
}  // namespace lathe::ops

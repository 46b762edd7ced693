#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

Tensor floats(std::initializer_list<std::int64_t> dims, std::initializer_list<float> values) {
  return Tensor::from_values<float>(dims, values);
}

Result<std::vector<Tensor>> run(std::string_view op, const std::vector<Tensor>& inputs,
                                ir::AttributeMap attributes = {}, std::size_t outputs = 1) {
  ir::Node node{"n", "", std::string(op), {}, {}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i) node.inputs.push_back(static_cast<int>(i));
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(static_cast<int>(i));
  return evaluate_node(node, inputs);
}

std::string error_of(std::string_view op, const std::vector<Tensor>& inputs,
                     ir::AttributeMap attributes = {}, std::size_t outputs = 1) {
  const auto result = run(op, inputs, std::move(attributes), outputs);
  return result.ok() ? "no error" : result.error().message();
}

const ir::AttributeMap kExact{{"epsilon", 0.0F}};

TEST(Normalization, OfLayers) {
  const Tensor x = floats({2, 2}, {1, 3, -4, 4});
  auto outputs = *run("LayerNormalization", {x, floats({2}, {2, 3}), floats({1}, {10})}, kExact, 3);
  EXPECT_THAT(outputs[0].to_floats(), ElementsAre(8, 13, 8, 13));
  EXPECT_THAT(outputs[1].dims(), ElementsAre(2, 1));
  EXPECT_THAT(outputs[1].to_floats(), ElementsAre(2, 0));
  EXPECT_THAT(outputs[2].to_floats(), ElementsAre(1, 0.25));
  outputs = *run("LayerNormalization",
                 {x.cast(DataType::kFloat16), floats({2}, {2, 3}).cast(DataType::kFloat16)},
                 {{"stash_type", std::int64_t{16}}}, 2);
  EXPECT_EQ(outputs[0].data_type(), DataType::kFloat16);
  EXPECT_EQ(outputs[1].data_type(), DataType::kBFloat16);
  EXPECT_EQ(error_of("LayerNormalization", {x, floats({3}, {1, 1, 1})}),
            "input 1 (Scale) has shape [3], which cannot be broadcast to [2,2]");
  EXPECT_EQ(error_of("LayerNormalization", {x, x}, {{"stash_type", std::int64_t{7}}}),
            "stash_type is 7, which is no floating point type");
  EXPECT_EQ(error_of("LayerNormalization", {x, x}, {{"axis", std::int64_t{2}}}),
            "axis 2 is out of range for rank 2");
}

TEST(Normalization, ByTheRootOfTheMeanOfSquares) {
  const Tensor x = floats({1, 2}, {1, 7});
  EXPECT_THAT(run("RMSNormalization", {x, floats({2}, {5, 10})}, kExact)->at(0).to_floats(),
              ElementsAre(1, 14));
  const Tensor wide = Tensor::from_values<double>({2}, {5, 10});
  EXPECT_EQ(run("RMSNormalization", {x, wide})->at(0).data_type(), DataType::kFloat64);
}

TEST(Normalization, OfInstancesAndGroups) {
  const Tensor x = floats({1, 2, 2}, {1, 3, 5, 7});
  const Tensor scale = floats({2}, {1, 2});
  const Tensor bias = floats({2}, {0, 10});
  EXPECT_THAT(run("InstanceNormalization", {x, scale, bias}, kExact)->at(0).to_floats(),
              ElementsAre(-1, 1, 8, 12));
  EXPECT_THAT(run("GroupNormalization", {x, scale, bias},
                  {{"epsilon", 0.0F}, {"num_groups", std::int64_t{2}}})
                  ->at(0)
                  .to_floats(),
              ElementsAre(-1, 1, 8, 12));
  EXPECT_THAT(run("GroupNormalization", {x, scale, bias},
                  {{"epsilon", 4.0F}, {"num_groups", std::int64_t{1}}})
                  ->at(0)
                  .to_floats(),
              ElementsAre(-1, FloatNear(-1.0F / 3, 1e-6F), FloatNear(10 + 2.0F / 3, 1e-5F), 12));
  EXPECT_EQ(error_of("GroupNormalization", {x, scale, bias}, {{"num_groups", std::int64_t{0}}}),
            "num_groups is 0");
  EXPECT_EQ(error_of("GroupNormalization", {x, scale, bias}, {{"num_groups", std::int64_t{3}}}),
            "2 channels are not divisible by num_groups 3");
  EXPECT_EQ(error_of("InstanceNormalization", {x, floats({3}, {1, 1, 1}), bias}),
            "input 1 (scale) has shape [3], expected [2]");
}

TEST(Normalization, ByNormsAndVariances) {
  const Tensor x = floats({2, 2}, {3, 0, -4, 0});
  EXPECT_THAT(run("LpNormalization", {x}, {{"axis", std::int64_t{0}}})->at(0).to_floats(),
              Pointwise(FloatNear(1e-6F), {0.6F, 0.0F, -0.8F, 0.0F}));
  EXPECT_THAT(run("LpNormalization", {x}, {{"p", std::int64_t{1}}})->at(0).to_floats(),
              ElementsAre(1, 0, -1, 0));
  EXPECT_EQ(error_of("LpNormalization", {x}, {{"p", std::int64_t{3}}}), "p is 3, expected 1 or 2");
  const ir::AttributeMap rows{{"axes", std::vector<std::int64_t>{1}}};
  EXPECT_THAT(run("MeanVarianceNormalization", {x}, rows)->at(0).to_floats(),
              Pointwise(FloatNear(1e-6F), {1.0F, -1.0F, -1.0F, 1.0F}));
  EXPECT_EQ(error_of("MeanVarianceNormalization", {x}), "axis 2 is out of range for rank 2");
}

}  // namespace
}  // namespace lathe::ops

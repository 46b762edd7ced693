// RandomNormal, RandomUniform, the same like an input, Bernoulli and Multinomial.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

#include "ops/infer_types.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Tensor;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::Lt;
using Ints = std::vector<std::int64_t>;

constexpr float kInfinity = INFINITY;

ir::Attribute type_attribute(DataType type) { return static_cast<std::int64_t>(type); }

double mean_of(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(RandomNumbers, ASeedGivesTheSameOnEveryMachine) {
  const ir::AttributeMap seeded{{"shape", Ints{3}}, {"seed", 1.0F}};
  EXPECT_THAT(run_floats("RandomUniform", {}, seeded),
              ElementsAre(0.7629180550575256F, 0.803954541683197F, 0.6052699089050293F));
  EXPECT_THAT(run_floats("RandomNormal", {}, seeded),
              ElementsAre(0.564228892326355F, -0.7194162011146545F, -1.4821581840515137F));
  EXPECT_THAT(run_floats("RandomUniformLike", {floats({3}, {5, 6, 7})}, {{"seed", 1.0F}}),
              ElementsAre(0.7629180550575256F, 0.803954541683197F, 0.6052699089050293F));
  EXPECT_NE(run_floats("RandomUniform", {}, {{"shape", Ints{3}}, {"seed", 2.0F}}),
            run_floats("RandomUniform", {}, seeded));
  EXPECT_EQ(run_floats("RandomUniform", {}, {{"shape", Ints{3}}, {"seed", NAN}}),
            run_floats("RandomUniform", {}, {{"shape", Ints{3}}, {"seed", NAN}}));
}

TEST(RandomNumbers, DifferWithoutASeed) {
  const ir::AttributeMap shape{{"shape", Ints{8}}};
  for (const char* op : {"RandomUniform", "RandomNormal"})
    EXPECT_NE(run_floats(op, {}, shape), run_floats(op, {}, shape)) << op;
}

TEST(RandomNumbers, AreAsTheirDistribution) {
  const ir::AttributeMap uniform{
      {"shape", Ints{100, 100}}, {"seed", 1.0F}, {"low", -1.0F}, {"high", 3.0F}};
  const auto drawn = run_floats("RandomUniform", {}, uniform);
  EXPECT_THAT(drawn, Each(AllOf(Ge(-1), Lt(3))));
  EXPECT_NEAR(mean_of(drawn), 1, 0.05);
  const ir::AttributeMap normal{
      {"shape", Ints{100, 100}}, {"seed", 1.0F}, {"mean", 2.0F}, {"scale", 3.0F}};
  auto values = run_floats("RandomNormal", {}, normal);
  EXPECT_NEAR(mean_of(values), 2, 0.1);
  for (float& v : values) v = (v - 2) * (v - 2);
  EXPECT_NEAR(std::sqrt(mean_of(values)), 3, 0.1);
}

TEST(RandomNumbers, TypesAndShapes) {
  EXPECT_EQ(inferred_types("RandomNormal", {}, {{"shape", Ints{}}}), "float32[]");
  EXPECT_EQ(inferred_types("RandomUniform", {},
                           {{"shape", Ints{2, 0}}, {"dtype", type_attribute(DataType::kBFloat16)}}),
            "bfloat16[2,0]");
  const ir::TensorType x{DataType::kInt8, ir::Shape{Dim::symbol("N"), 3}};
  EXPECT_EQ(
      inferred_types("RandomUniformLike", {x}, {{"dtype", type_attribute(DataType::kFloat64)}}),
      "float64[N,3]");
  EXPECT_EQ(inferred_types("RandomNormalLike", {unknown_rank(DataType::kFloat16)}), "float16[*]");
  EXPECT_EQ(inferred_types("Bernoulli", {unknown_rank(DataType::kFloat16)}), "float16[*]");
  EXPECT_EQ(inferred_types("Bernoulli", {float_type({Dim::symbol("N")})},
                           {{"dtype", type_attribute(DataType::kBool)}}),
            "bool[N]");
  EXPECT_EQ(inferred_types("Multinomial", {float_type({Dim::symbol("N"), Dim()})},
                           {{"sample_size", std::int64_t{7}}}),
            "int32[N,7]");
  EXPECT_EQ(inferred_types("Multinomial", {unknown_rank(DataType::kFloat32)},
                           {{"dtype", type_attribute(DataType::kInt64)}}),
            "int64[?,1]");
  for (const char* op : {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
                         "Bernoulli", "Multinomial"})
    EXPECT_TRUE(find_op("", op)->traits.impure) << op;
}

TEST(RandomNumbers, Refusals) {
  EXPECT_EQ(refusal_of("RandomNormal", {}), "attribute 'shape' is missing");
  EXPECT_EQ(refusal_of("RandomNormal", {}, {{"shape", Ints{2, -1}}}),
            "attribute 'shape' has the extent -1");
  EXPECT_NE(refusal_of("RandomNormal", {}, {{"shape", Ints{INT64_MAX, INT64_MAX}}}), "ok");
  EXPECT_NE(refusal_of("RandomNormal", {}, {{"shape", Ints{std::int64_t{1} << 50}}}), "ok");
  EXPECT_EQ(refusal_of("RandomNormal", {}, {{"shape", Ints{2}}, {"scale", -1.0F}}),
            "attribute 'scale' is -1, expected 0 or more");
  EXPECT_EQ(refusal_of("RandomNormal", {}, {{"shape", Ints{2}}, {"scale", NAN}}),
            "attribute 'scale' is nan, expected 0 or more");
  EXPECT_EQ(refusal_of("RandomUniform", {}, {{"shape", Ints{2}}, {"low", 2.0F}}),
            "attribute 'low' is 2, expected at most 'high', which is 1");
  EXPECT_EQ(refusal_of("RandomUniform", {},
                       {{"shape", Ints{2}}, {"dtype", type_attribute(DataType::kInt32)}}),
            "attribute 'dtype' is int32, expected float32, float16, float64 and bfloat16");
  EXPECT_EQ(refusal_of("RandomUniform", {}, {{"shape", Ints{2}}, {"dtype", std::int64_t{0}}}),
            "attribute 'dtype' is 0, which is no element type");
  EXPECT_EQ(refusal_of("RandomUniformLike", {ints({1}, {1})}),
            "attribute 'dtype' is missing, and the output cannot be int64 as the input is");
  EXPECT_EQ(refusal_of("Bernoulli", {floats({2}, {0.5F, 1.5F})}),
            "input has the value 1.5, expected 0 to 1");
  EXPECT_EQ(refusal_of("Bernoulli", {floats({1}, {NAN})}),
            "input has the value nan, expected 0 to 1");
  const Tensor logits = floats({1, 2}, {0, 0});
  EXPECT_EQ(refusal_of("Multinomial", {logits}, {{"sample_size", std::int64_t{0}}}),
            "attribute 'sample_size' is 0, expected 1 or more");
  EXPECT_NE(refusal_of("Multinomial", {logits}, {{"sample_size", INT64_MAX}}), "ok");
  EXPECT_EQ(refusal_of("Multinomial", {floats({2}, {0, 0})}),
            "input 0 (input) has shape [2], expected [batch,classes]");
  EXPECT_EQ(refusal_of("Multinomial", {Tensor::zeros(DataType::kFloat32, {2, 0})}),
            "input 0 (input) has shape [2,0], expected [batch,classes]");
  EXPECT_EQ(refusal_of("Multinomial", {floats({1, 2}, {0, kInfinity})}),
            "input has the value inf, which is no logarithm of a probability");
  EXPECT_EQ(refusal_of("Multinomial", {floats({1, 2}, {-kInfinity, -kInfinity})}),
            "no class of row 0 has a probability");
}

TEST(Bernoulli, AsOftenAsIsProbable) {
  Tensor p = Tensor::zeros(DataType::kFloat32, {10'000});
  for (float& v : p.mutable_data<float>()) v = 0.25F;
  const auto drawn = run_floats("Bernoulli", {p}, {{"seed", 7.0F}});
  EXPECT_THAT(drawn, Each(testing::AnyOf(0, 1)));
  EXPECT_NEAR(mean_of(drawn), 0.25, 0.02);
  EXPECT_NE(run_floats("Bernoulli", {p}), run_floats("Bernoulli", {p}));
  EXPECT_THAT(run_floats("Bernoulli", {floats({2}, {0, 1})}), ElementsAre(0, 1));
}

TEST(Multinomial, AsOftenAsIsProbable) {
  const Tensor logits = floats({2, 3}, {0, -kInfinity, std::log(3.0F), 1000, 1000, 0});
  const ir::AttributeMap many{{"sample_size", std::int64_t{10'000}}, {"seed", 7.0F}};
  const auto drawn = run_ints("Multinomial", {logits}, many);
  const auto share = [&](std::size_t row, std::int64_t outcome) {
    const auto begin = drawn.begin() + static_cast<std::ptrdiff_t>(row * 10'000);
    return static_cast<double>(std::count(begin, begin + 10'000, outcome)) / 10'000;
  };
  EXPECT_NEAR(share(0, 0), 0.25, 0.02);
  EXPECT_EQ(share(0, 1), 0);
  EXPECT_NEAR(share(1, 0), 0.5, 0.02);
  EXPECT_EQ(share(1, 2), 0);
  EXPECT_EQ(run_ints("Multinomial", {logits}, many), drawn);
}

}  // namespace
}  // namespace lathe::ops

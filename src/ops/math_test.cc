// Functions of one number, Hardmax, EyeLike, CumProd and Det.
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
using testing::ElementsAre;
using testing::FloatNear;
using testing::IsNan;

constexpr float kInfinity = INFINITY;

std::string inferred(std::string_view op, const std::vector<ir::TensorType>& inputs,
                     ir::AttributeMap attributes = {}) {
  Graph g;
  std::vector<ir::ValueId> ids;
  for (const ir::TensorType& type : inputs) ids.push_back(g.add_input("x", type));
  g.set_outputs({g.add(op, ids, std::move(attributes), "y")});
  const Status status = infer_shapes(g);
  return status.ok() ? g.type(g.outputs()[0]).to_string() : status.error().message();
}

TEST(Functions, OfAngles) {
  const float quarter = std::atan(1.0F);
  EXPECT_THAT(run_floats("Atan", {floats({2}, {1, -kInfinity})}),
              ElementsAre(quarter, FloatNear(-2 * quarter, 1e-6F)));
  EXPECT_THAT(run_floats("Acos", {floats({3}, {1, -1, 1.5F})}),
              ElementsAre(0, FloatNear(4 * quarter, 1e-6F), IsNan()));
  EXPECT_THAT(run_floats("Asin", {floats({1}, {1})}), ElementsAre(FloatNear(2 * quarter, 1e-6F)));
  EXPECT_THAT(run_floats("Tan", {floats({1}, {quarter})}), ElementsAre(FloatNear(1, 1e-6F)));
  EXPECT_THAT(run_floats("Cosh", {floats({2}, {0, 1000})}), ElementsAre(1, kInfinity));
  EXPECT_THAT(run_floats("Sinh", {floats({1}, {-1000})}), ElementsAre(-kInfinity));
  EXPECT_THAT(run_floats("Acosh", {floats({2}, {1, 0.5F})}), ElementsAre(0, IsNan()));
  EXPECT_THAT(run_floats("Asinh", {floats({1}, {0})}), ElementsAre(0));
  EXPECT_THAT(run_floats("Atanh", {floats({3}, {0, 1, -1})}),
              ElementsAre(0, kInfinity, -kInfinity));
}

TEST(Functions, OfActivations) {
  const Tensor x = floats({3}, {-1, 0, 2});
  const ir::AttributeMap half{{"alpha", 0.5F}};
  EXPECT_THAT(run_floats("Celu", {x}, half),
              ElementsAre(FloatNear(0.5F * std::expm1(-2.0F), 1e-6F), 0, 2));
  EXPECT_THAT(run_floats("Celu", {floats({3}, {1000, -1000, NAN})}),
              ElementsAre(1000, -1, IsNan()));
  EXPECT_THAT(run_floats("ThresholdedRelu", {floats({3}, {0.5F, 0.75F, -1})}, half),
              ElementsAre(0, 0.75F, 0));
  EXPECT_THAT(run_floats("Swish", {x}),
              ElementsAre(FloatNear(-0.268941F, 1e-6F), 0, FloatNear(1.761594F, 1e-6F)));
  EXPECT_THAT(run_floats("Mish", {floats({3}, {1, 1000, -1000})}),
              ElementsAre(FloatNear(0.865098F, 1e-6F), 1000, 0));
  EXPECT_THAT(run_floats("SwiGLU", {x, floats({3}, {2, 9, -1})}),
              ElementsAre(FloatNear(-0.537882F, 1e-6F), 0, FloatNear(-1.761594F, 1e-6F)));
}

TEST(Functions, ShrinkOfIntegers) {
  const ir::AttributeMap attributes{{"lambd", 1.5F}, {"bias", 2.0F}};
  EXPECT_THAT(run_ints("Shrink", {ints({4}, {-2, -1, 1, 5})}, attributes), ElementsAre(0, 0, 0, 3));
  constexpr std::int64_t kLarge = (std::int64_t{1} << 60) + 1;
  EXPECT_THAT(run_ints("Shrink", {ints({1}, {kLarge})}), ElementsAre(kLarge));
  EXPECT_THAT(run_ints("Shrink", {Tensor::scalar<std::uint8_t>(3)},
                       {{"lambd", kInfinity}, {"bias", -kInfinity}}),
              ElementsAre(0));
  EXPECT_THAT(run_ints("Shrink", {ints({1}, {5})}, {{"bias", NAN}}), ElementsAre(0));
}

TEST(SwiGLU, OfOneShape) {
  EXPECT_EQ(refusal_of("SwiGLU", {floats({1}, {1}), floats({2}, {1, 2})}),
            "input 1 (B) has shape [2], expected [1] as input 0 (A)");
  const ir::TensorType open{DataType::kFloat32, Shape{Dim::symbol("N"), Dim()}};
  const ir::TensorType known{DataType::kFloat32, Shape{Dim(), 4}};
  EXPECT_EQ(inferred("SwiGLU", {open, known}), "float32[N,4]");
  EXPECT_EQ(inferred("SwiGLU", {{DataType::kFloat32, std::nullopt}, known}), "float32[?,4]");
}

TEST(Hardmax, TheFirstOfEquals) {
  EXPECT_THAT(run_floats("Hardmax", {floats({2, 3}, {1, 2, 2, NAN, 9, NAN})}),
              ElementsAre(0, 1, 0, 1, 0, 0));
  EXPECT_THAT(run_floats("Hardmax", {floats({2, 2}, {1, 4, 3, 2})}, {{"axis", std::int64_t{0}}}),
              ElementsAre(0, 1, 1, 0));
  EXPECT_EQ(refusal_of("Hardmax", {floats({2}, {1, 4})}, {{"axis", std::int64_t{1}}}),
            "axis 1 is out of range for rank 1");
  EXPECT_EQ(refusal_of("Hardmax", {Tensor::scalar(1.0F)}), "axis -1 is out of range for rank 0");
}

TEST(EyeLike, AnyDiagonal) {
  const Tensor x = Tensor::zeros(DataType::kFloat32, {2, 3});
  const auto diagonal = [&](std::int64_t k) { return run_floats("EyeLike", {x}, {{"k", k}}); };
  EXPECT_THAT(diagonal(0), ElementsAre(1, 0, 0, 0, 1, 0));
  EXPECT_THAT(diagonal(2), ElementsAre(0, 0, 1, 0, 0, 0));
  EXPECT_THAT(diagonal(-1), ElementsAre(0, 0, 0, 1, 0, 0));
  EXPECT_THAT(diagonal(INT64_MAX), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_THAT(diagonal(INT64_MIN), ElementsAre(0, 0, 0, 0, 0, 0));
  const auto dtype = [](DataType type) {
    return ir::AttributeMap{{"dtype", static_cast<std::int64_t>(type)}};
  };
  EXPECT_EQ(run("EyeLike", {x}, dtype(DataType::kBFloat16))->data_type(), DataType::kBFloat16);
  EXPECT_EQ(refusal_of("EyeLike", {x}, dtype(DataType::kString)),
            "dtype is 8, which is no type of matrices like these");
  EXPECT_EQ(refusal_of("EyeLike", {x}, {{"dtype", std::int64_t{1} << 32}}),
            "dtype is 4294967296, which is no type of matrices like these");
  EXPECT_EQ(refusal_of("EyeLike", {floats({2}, {1, 2})}), "input has shape [2], expected a matrix");
  EXPECT_EQ(inferred("EyeLike", {{DataType::kInt64, std::nullopt}}), "int64[?,?]");
}

TEST(CumProd, AlongAnAxis) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor last = Tensor::scalar<std::int64_t>(-1);
  EXPECT_THAT(run_floats("CumProd", {x, last}), ElementsAre(1, 2, 6, 4, 20, 120));
  EXPECT_THAT(run_floats("CumProd", {x, last}, {{"exclusive", std::int64_t{1}}}),
              ElementsAre(1, 1, 2, 1, 4, 20));
  EXPECT_THAT(run_floats("CumProd", {x, last},
                         {{"exclusive", std::int64_t{1}}, {"reverse", std::int64_t{1}}}),
              ElementsAre(6, 3, 1, 30, 6, 1));
  const Tensor large = Tensor::from_values<std::int32_t>({2}, {INT32_MIN, 3});
  EXPECT_THAT(run_ints("CumProd", {large, last}), ElementsAre(INT32_MIN, INT32_MIN)) << "wraps";
  EXPECT_EQ(refusal_of("CumProd", {x, Tensor::scalar<std::int64_t>(2)}),
            "axis 2 is out of range for rank 2");
}

TEST(Det, OfBatches) {
  EXPECT_THAT(run_floats("Det", {floats({2, 2, 2}, {1, 2, 3, 4, 0, 2, 3, 9})}),
              ElementsAre(-2, -6));
  EXPECT_THAT(run_floats("Det", {floats({2, 2}, {1, 2, 2, 4})}), ElementsAre(0));
  EXPECT_THAT(run_floats("Det", {floats({2, 2}, {0, 1, NAN, 1})}), ElementsAre(IsNan()));
  EXPECT_THAT(run_floats("Det", {Tensor::zeros(DataType::kFloat32, {0, 0})}), ElementsAre(1));
  EXPECT_EQ(refusal_of("Det", {floats({2}, {1, 2})}),
            "input has shape [2], expected square matrices");
  EXPECT_EQ(refusal_of("Det", {floats({1, 2}, {1, 2})}),
            "input has shape [1,2], expected square matrices");
  EXPECT_EQ(inferred("Det", {{DataType::kFloat32, Shape{Dim::symbol("N"), 3, Dim()}}}),
            "float32[N]");
  EXPECT_EQ(inferred("Det", {{DataType::kFloat32, std::nullopt}}), "float32[*]");
}

}  // namespace
}  // namespace lathe::ops

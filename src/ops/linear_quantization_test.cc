// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Shape;
using ir::Tensor;
using testing::ElementsAre;

Tensor of_type(DataType type, std::initializer_list<std::int64_t> dims,
               std::initializer_list<double> values) {
  Tensor tensor = Tensor::zeros(type, dims);
  std::int64_t i = 0;
  for (const double v : values) tensor.set_double(i++, v);
  return tensor;
}
Tensor floats(std::initializer_list<std::int64_t> dims, std::initializer_list<double> values) {
  return of_type(DataType::kFloat32, dims, values);
}
Tensor number(DataType type, double value) { return of_type(type, {}, {value}); }
std::int64_t number_of(DataType type) { return static_cast<std::int64_t>(type); }

Result<std::vector<Tensor>> run(std::string_view op, const std::vector<Tensor>& inputs,
                                ir::AttributeMap attributes = {}) {
  ir::Node node{"n", "", std::string(op), {}, {}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(inputs[i].defined() ? static_cast<ir::ValueId>(i) : ir::kNoValue);
  for (ir::ValueId i = 0; i < (op == "DynamicQuantizeLinear" ? 3 : 1); ++i)
    node.outputs.push_back(i);
  return evaluate_node(node, inputs);
}

std::string error_of(std::string_view op, const std::vector<Tensor>& inputs,
                     ir::AttributeMap attributes = {}) {
  const auto result = run(op, inputs, std::move(attributes));
  return result.ok() ? "no error" : result.error().message();
}

std::vector<float> values_of(const Result<std::vector<Tensor>>& made) {
  return made.ok() ? made->at(0).to_floats() : std::vector<float>{};
}

TEST(QuantizeLinear, RoundsHalfToEvenAndSaturates) {
  const Tensor x = floats({6}, {-2.5, -0.5, 0.5, 1.5, 1e30, -1e30});
  const Tensor one = number(DataType::kFloat32, 1);
  EXPECT_THAT(values_of(run("QuantizeLinear", {x, one, number(DataType::kInt8, 1)})),
              ElementsAre(-1, 1, 1, 3, 127, -128));
  EXPECT_THAT(values_of(run("QuantizeLinear", {x, one})), ElementsAre(0, 0, 0, 2, 255, 0));
  EXPECT_THAT(values_of(run("QuantizeLinear", {x, one, number(DataType::kInt2, 0)})),
              ElementsAre(-2, 0, 0, 1, 1, -2));
  EXPECT_THAT(values_of(run("QuantizeLinear", {x, one, number(DataType::kUint4, 3)})),
              ElementsAre(1, 3, 3, 5, 15, 0));
  EXPECT_THAT(values_of(run("QuantizeLinear", {floats({1}, {NAN}), one})), ElementsAre(0));
}

TEST(QuantizeLinear, ToFloatsOfFewBits) {
  const Tensor x = floats({4}, {1, 5.1, 1000, -1e9});
  const Tensor scale = number(DataType::kFloat32, 0.5);
  const ir::AttributeMap plain{{"saturate", std::int64_t{0}}};
  const Tensor e4m3 = number(DataType::kFloat8E4M3FN, 0);
  EXPECT_THAT(values_of(run("QuantizeLinear", {x, scale, e4m3})), ElementsAre(2, 10, 448, -448));
  const auto made = values_of(run("QuantizeLinear", {x, scale, e4m3}, plain));
  EXPECT_TRUE(std::isnan(made[2]) && std::isnan(made[3]));
  EXPECT_THAT(values_of(run("QuantizeLinear", {x, scale, number(DataType::kFloat8E5M2, 0)}, plain)),
              ElementsAre(2, 10, 2048, -INFINITY));
  // Zero points count also where they are no integers.
  EXPECT_THAT(values_of(run("QuantizeLinear", {x, scale, number(DataType::kFloat4E2M1, 1)}, plain)),
              ElementsAre(3, 6, 6, -6));
}

TEST(QuantizeLinear, DividesInTheTypeOfTheScale) {
  // 1001 / 2 is 500.5; in bfloat16 1001 is 1000.
  const Tensor x = floats({1}, {1001});
  const auto with = [&](DataType scale, ir::AttributeMap attributes = {}) {
    return values_of(
        run("QuantizeLinear", {x, number(scale, 2), number(DataType::kInt16, 0)}, attributes))[0];
  };
  EXPECT_EQ(with(DataType::kFloat32), 500);
  EXPECT_EQ(with(DataType::kBFloat16), 500);
  const Tensor y = floats({1}, {1003});  // 501.5; 1004 in bfloat16
  EXPECT_THAT(values_of(run("QuantizeLinear",
                            {y, number(DataType::kBFloat16, 1), number(DataType::kInt16, 0)})),
              ElementsAre(1004));
  EXPECT_THAT(values_of(run("QuantizeLinear",
                            {y, number(DataType::kBFloat16, 1), number(DataType::kInt16, 0)},
                            {{"precision", number_of(DataType::kFloat32)}})),
              ElementsAre(1003));
  EXPECT_EQ(with(DataType::kFloat8E8M0), 500);
}

TEST(QuantizeLinear, RefusesWhatMakesNoSense) {
  const Tensor x = floats({2, 3}, {});
  const Tensor one = number(DataType::kFloat32, 1);
  const auto attribute = [&](const char* name, std::int64_t value) {
    return error_of("QuantizeLinear", {x, one}, {{name, value}});
  };
  EXPECT_EQ(attribute("output_dtype", number_of(DataType::kInt32)), "quantization to int32");
  EXPECT_EQ(attribute("output_dtype", number_of(DataType::kFloat8E8M0)),
            "quantization to float8e8m0");
  EXPECT_EQ(attribute("output_dtype", (std::int64_t{1} << 32) + 2),
            "output_dtype is 4294967298, which is no element type");
  EXPECT_EQ(attribute("precision", -1), "precision is -1, which is no element type");
  EXPECT_EQ(attribute("precision", number_of(DataType::kInt8)),
            "precision is int8, expected floating point");
  EXPECT_EQ(error_of("QuantizeLinear", {x, one, number(DataType::kInt8, 0)},
                     {{"output_dtype", number_of(DataType::kUint8)}}),
            "output_dtype is not int8, as the zero point is");
  EXPECT_EQ(error_of("QuantizeLinear", {x, floats({2}, {1, 1})}),
            "scale has 2 values, axis 1 has 3");
  EXPECT_EQ(error_of("QuantizeLinear", {x, floats({3}, {1, 1, 1})}, {{"axis", std::int64_t{2}}}),
            "axis 2 is out of range for rank 2");
  EXPECT_EQ(error_of("QuantizeLinear", {x, floats({2, 3}, {})}),
            "scale has shape [2,3], expected a vector");
  EXPECT_EQ(error_of("QuantizeLinear", {x, floats({2, 1}, {})}, {{"block_size", std::int64_t{2}}}),
            "blocked scale has shape [2,1], which does not fit [2,3] with block_size 2");
  EXPECT_EQ(error_of("QuantizeLinear", {x, floats({2, 1}, {})}, {{"block_size", std::int64_t{-2}}}),
            "block_size is -2");
}

TEST(DequantizeLinear, OfEveryKind) {
  const Tensor scale = number(DataType::kFloat32, 0.5);
  EXPECT_THAT(values_of(run("DequantizeLinear", {of_type(DataType::kInt2, {3}, {-2, 0, 1}), scale,
                                                 number(DataType::kInt2, -1)})),
              ElementsAre(-0.5F, 0.5F, 1));
  EXPECT_THAT(values_of(run("DequantizeLinear",
                            {of_type(DataType::kFloat6E2M3, {3}, {-7.5, 0.125, 4}), scale})),
              ElementsAre(-3.75F, 0.0625F, 2));
  EXPECT_THAT(
      values_of(run("DequantizeLinear", {of_type(DataType::kInt32, {1}, {1 << 30}), scale})),
      ElementsAre(0x1p29F));
  const Tensor x = of_type(DataType::kFloat4E2M1, {2, 2}, {1, 2, 3, 4});
  const Tensor powers = of_type(DataType::kFloat8E8M0, {2, 1}, {0.5, 4});
  const ir::AttributeMap blocks{{"block_size", std::int64_t{2}},
                                {"output_dtype", number_of(DataType::kFloat16)}};
  const auto made = run("DequantizeLinear", {x, powers}, blocks);
  EXPECT_EQ(made->at(0).data_type(), DataType::kFloat16);
  EXPECT_THAT(values_of(made), ElementsAre(0.5F, 1, 12, 16));
  EXPECT_EQ(error_of("DequantizeLinear", {x, powers}, {{"block_size", std::int64_t{2}}}),
            "the output is float8e8m0, expected float32, float16 or bfloat16");
  EXPECT_EQ(
      error_of("DequantizeLinear", {x, scale}, {{"output_dtype", number_of(DataType::kFloat64)}}),
      "the output is float64, expected float32, float16 or bfloat16");
  EXPECT_EQ(error_of("DequantizeLinear",
                     {x, floats({2}, {1, 1}), of_type(DataType::kFloat4E2M1, {3}, {})}),
            "zero point has shape [3], the scale [2]");
}

TEST(LinearQuantization, ShapesThatAreNotKnown) {
  ir::Graph g;
  const auto input = [&](DataType type, std::optional<Shape> shape) {
    return g.add_input("x", {type, std::move(shape)});
  };
  const auto of = [&](ir::ValueId x, ir::ValueId scale, ir::ValueId zero) {
    ir::Node node{"n", "", "DequantizeLinear", {x, scale, zero}, {g.add_value("y")}, {}};
    const auto types = infer_node(g, node);
    return types.ok() ? types->at(0).to_string() : types.error().message();
  };
  const auto x = input(DataType::kInt8, Shape{Dim::symbol("N"), 4});
  const auto open = input(DataType::kFloat32, Shape{Dim()});
  EXPECT_EQ(of(x, open, input(DataType::kInt8, Shape{4})), "float32[N,4]");
  EXPECT_EQ(of(x, open, input(DataType::kInt8, Shape{})), "float32[N,4]");
  EXPECT_EQ(of(x, input(DataType::kFloat16, std::nullopt), input(DataType::kInt8, std::nullopt)),
            "float16[N,4]");
  // A vector may still be one of one element, whatever the axis.
  EXPECT_EQ(of(input(DataType::kInt8, Shape{9}), open, input(DataType::kInt8, Shape{Dim()})),
            "float32[9]");
  EXPECT_EQ(of(input(DataType::kInt8, std::nullopt), open, input(DataType::kInt8, std::nullopt)),
            "float32[*]");
}

TEST(DynamicQuantizeLinear, FindsTheRange) {
  auto made = *run("DynamicQuantizeLinear", {floats({3}, {-1, 0, 4.1})});
  EXPECT_FLOAT_EQ(made[1].to_floats()[0], 0.02F);
  EXPECT_THAT(made[2].to_int64s(), ElementsAre(50));
  EXPECT_THAT(made[0].to_int64s(), ElementsAre(0, 50, 255));
  // 0 is always within it.
  made = *run("DynamicQuantizeLinear", {floats({1, 2}, {255, 51})});
  EXPECT_THAT(made[0].to_int64s(), ElementsAre(255, 51));
  for (const Tensor& x : {floats({2}, {0, 0}), floats({0}, {}), floats({1}, {NAN})}) {
    made = *run("DynamicQuantizeLinear", {x});
    EXPECT_THAT(made[1].to_floats(), ElementsAre(1));
    EXPECT_THAT(made[2].to_int64s(), ElementsAre(0));
  }
  made = *run("DynamicQuantizeLinear", {floats({2}, {INFINITY, -INFINITY})});
  EXPECT_THAT(made[2].to_int64s(), ElementsAre(0));
}

}  // namespace
}  // namespace lathe::ops

// Products and convolutions of integers: MatMulInteger, QLinearMatMul, ConvInteger, and MatMul and
// Gemm where their elements are integers.
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
Tensor int8s(std::initializer_list<std::int64_t> dims, std::initializer_list<double> values) {
  return of_type(DataType::kInt8, dims, values);
}
Tensor uint8s(std::initializer_list<std::int64_t> dims, std::initializer_list<double> values) {
  return of_type(DataType::kUint8, dims, values);
}
Tensor floats(std::initializer_list<std::int64_t> dims, std::initializer_list<double> values) {
  return of_type(DataType::kFloat32, dims, values);
}

Result<std::vector<Tensor>> run(std::string_view op, const std::vector<Tensor>& inputs,
                                ir::AttributeMap attributes = {}) {
  ir::Node node{"n", "", std::string(op), {}, {0}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(inputs[i].defined() ? static_cast<ir::ValueId>(i) : ir::kNoValue);
  return evaluate_node(node, inputs);
}

std::vector<std::int64_t> integers(const Result<std::vector<Tensor>>& made) {
  return made.ok() ? made->at(0).to_int64s() : std::vector<std::int64_t>{};
}

std::string error_of(std::string_view op, const std::vector<Tensor>& inputs,
                     ir::AttributeMap attributes = {}) {
  const auto result = run(op, inputs, std::move(attributes));
  return result.ok() ? "no error" : result.error().message();
}

TEST(MatMulInteger, ZeroPointsOfRowsAndColumns) {
  const Tensor a = uint8s({2, 2}, {1, 2, 3, 4});
  const Tensor b = int8s({2, 3}, {1, 0, -1, 0, 1, 1});
  EXPECT_THAT(integers(run("MatMulInteger", {a, b})), ElementsAre(1, 2, 1, 3, 4, 1));
  const Tensor rows = uint8s({2}, {1, 3});  // a is [[0, 1], [0, 1]]
  EXPECT_THAT(integers(run("MatMulInteger", {a, b, rows})), ElementsAre(0, 1, 1, 0, 1, 1));
  const Tensor columns = int8s({3}, {0, 0, 1});  // b is [[1, 0, -2], [0, 1, 0]]
  EXPECT_THAT(integers(run("MatMulInteger", {a, b, {}, columns})), ElementsAre(1, 2, -2, 3, 4, -6));
  EXPECT_THAT(integers(run("MatMulInteger", {a, b, uint8s({2, 1}, {1, 3}), int8s({1, 3}, {})})),
              ElementsAre(0, 1, 1, 0, 1, 1));
}

TEST(MatMulInteger, Batches) {
  const Tensor a = uint8s({2, 1, 2}, {1, 2, 3, 4});
  const Tensor b = uint8s({2, 2, 1}, {1, 1, 1, 1});
  EXPECT_THAT(
      integers(run("MatMulInteger", {a, b, uint8s({2, 1, 1}, {1, 2}), uint8s({2, 1, 1}, {0, 2})})),
      ElementsAre(1, -3));
  EXPECT_THAT(integers(run("MatMulInteger", {a, uint8s({2}, {1, 1})})), ElementsAre(3, 7));
  EXPECT_THAT(integers(run("MatMulInteger", {uint8s({2}, {2, 1}), uint8s({2}, {1, 1})})),
              ElementsAre(3));
}

TEST(MatMulInteger, RefusesOtherZeroPoints) {
  const Tensor a = uint8s({2, 3}, {});
  const Tensor b = int8s({3, 4}, {});
  EXPECT_EQ(error_of("MatMulInteger", {a, b, uint8s({3}, {})}),
            "input 2 (a_zero_point) has shape [3], expected one element, [2] or [2,1]");
  EXPECT_EQ(error_of("MatMulInteger", {a, b, {}, int8s({3, 4}, {})}),
            "input 3 (b_zero_point) has shape [3,4], expected one element, [4] or [1,4]");
  EXPECT_EQ(error_of("MatMulInteger", {uint8s({5, 2, 3}, {}), b, uint8s({2}, {})}),
            "input 2 (a_zero_point) has shape [2], expected one element or [5,2,1]");
  EXPECT_EQ(error_of("MatMulInteger", {uint8s({3}, {}), b, uint8s({3}, {})}),
            "input 2 (a_zero_point) has shape [3], expected one element");
  EXPECT_EQ(error_of("MatMulInteger", {a, int8s({2, 4}, {})}),
            "shapes [2,3] and [2,4]: inner extents differ");
}

TEST(QLinearMatMul, ScalesOfRowsAndColumns) {
  const Tensor one = floats({}, {1});
  const Tensor none = int8s({}, {0});
  const Tensor a = int8s({2, 2}, {1, 2, 3, 4});
  const Tensor b = int8s({2, 2}, {1, 0, 0, 1});
  EXPECT_THAT(integers(run("QLinearMatMul", {a, floats({2}, {1, 10}), none, b, floats({2}, {1, 3}),
                                             int8s({2}, {0, -1}), one, none})),
              ElementsAre(1, 15, 30, 127));
  EXPECT_EQ(error_of("QLinearMatMul", {a, floats({3}, {}), none, b, one, none, one, none}),
            "input 1 (a_scale) has shape [3], expected one element, [2] or [2,1]");
}

TEST(QLinearMatMul, OfFloatsOfEightBits) {
  const auto e4m3 = [](std::initializer_list<std::int64_t> dims,
                       std::initializer_list<double> values) {
    return of_type(DataType::kFloat8E4M3FN, dims, values);
  };
  const Tensor one = floats({}, {1});
  const Tensor none = e4m3({}, {0});
  const Tensor a = e4m3({1, 2}, {1.5, 448});
  const Tensor b = e4m3({2, 2}, {2, 0, 0.5, 1});
  const auto made = run("QLinearMatMul", {a, one, none, b, floats({}, {0.5}), none, one, none});
  EXPECT_EQ(made->at(0).data_type(), DataType::kFloat8E4M3FN);
  EXPECT_THAT(made->at(0).to_floats(), ElementsAre(112, 224));  // 113.5 is between 112 and 120
  const auto bytes = run("QLinearMatMul", {a, one, none, b, one, none, one, uint8s({}, {9})});
  EXPECT_THAT(integers(bytes), ElementsAre(236, 255));
}

TEST(ConvInteger, PadsWithTheZeroPoint) {
  const Tensor x = uint8s({1, 1, 1, 3}, {2, 3, 4});
  const Tensor w = int8s({2, 1, 1, 2}, {1, 1, 1, 1});
  EXPECT_THAT(integers(run("ConvInteger", {x, w, uint8s({}, {1}), int8s({2}, {0, 1})},
                           {{"pads", std::vector<std::int64_t>{0, 1, 0, 0}}})),
              ElementsAre(1, 3, 5, 0, 0, 0));
  EXPECT_EQ(error_of("ConvInteger", {x, w, {}, int8s({3}, {})}),
            "input 3 (w_zero_point) has shape [3], expected a scalar or [2]");
}

TEST(Products, OfIntegersWrapAround) {
  const double most = 2147483647;
  const Tensor a = of_type(DataType::kInt32, {1, 2}, {most, 1});
  const Tensor b = of_type(DataType::kInt32, {2, 1}, {1, 1});
  EXPECT_THAT(integers(run("MatMul", {a, b})), ElementsAre(INT32_MIN));
  EXPECT_THAT(integers(run("Gemm", {a, b, of_type(DataType::kInt32, {1}, {-1})})),
              ElementsAre(INT32_MAX));
  const Tensor c = of_type(DataType::kInt32, {1, 2}, {3, 4});
  EXPECT_THAT(integers(run("Gemm", {c, b, b}, {{"alpha", 0.5F}, {"beta", 3.0F}})), ElementsAre())
      << "the last operand is a column of two";
  EXPECT_THAT(integers(run("Gemm", {c, b, of_type(DataType::kInt32, {}, {1})},
                           {{"alpha", 0.5F}, {"beta", 3.0F}})),
              ElementsAre(6));
  Tensor large = Tensor::zeros(DataType::kUint64, {1, 1});
  large.mutable_data<std::uint64_t>()[0] = (std::uint64_t{1} << 63) + 1;
  const Tensor three = of_type(DataType::kUint64, {1, 1}, {3});
  EXPECT_EQ(run("MatMul", {large, three})->at(0).data<std::uint64_t>()[0],
            (std::uint64_t{1} << 63) + 3);
}

TEST(Products, ShapesThatAreNotKnown) {
  ir::Graph g;
  const auto input = [&](DataType type, std::optional<Shape> shape) {
    return g.add_input("x", {type, std::move(shape)});
  };
  const auto of = [&](std::vector<ir::ValueId> inputs) {
    ir::Node node{"n", "", "MatMulInteger", std::move(inputs), {g.add_value("y")}, {}};
    const auto types = infer_node(g, node);
    return types.ok() ? types->at(0).to_string() : types.error().message();
  };
  const auto a = input(DataType::kUint8, Shape{Dim::symbol("N"), 3});
  const auto b = input(DataType::kInt8, Shape{3, 4});
  EXPECT_EQ(of({a, b, input(DataType::kUint8, Shape{Dim::symbol("M")})}), "int32[N,4]");
  EXPECT_EQ(of({a, input(DataType::kInt8, std::nullopt), input(DataType::kUint8, Shape{7})}),
            "int32[*]");
}

}  // namespace
}  // namespace lathe::ops

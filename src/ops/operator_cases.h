// What tests of hostile operands share: one good call of every operator, and damaged tensors.
#pragma once

#include <string_view>
#include <vector>

#include "ir/domains.h"
#include "ir/graph.h"
#include "ops/cases/classical.h"
#include "ops/cases/math.h"
#include "ops/cases/recurrent.h"
#include "ops/cases/sequences.h"
#include "ops/cases/signal.h"
#include "ops/cases/vision.h"
#include "ops/operator_case.h"

namespace lathe::ops {

// Adds the node to a graph, reading these values; it and its first output have this name. The
// graph's outputs are the node's.
inline void add_call(ir::Graph& graph, const OperatorCase& call, std::vector<ir::ValueId> inputs,
                     std::string_view name) {
  ir::Node node;
  node.name = name;
  node.domain = call.domain;
  node.op_type = call.op;
  node.inputs = std::move(inputs);
  node.attributes = call.attributes;
  for (std::size_t i = 0; i < call.outputs; ++i) node.outputs.push_back(graph.add_value(name));
  const std::vector<ir::ValueId> outputs = node.outputs;
  graph.add_node(std::move(node));
  graph.set_outputs(outputs);
}

// Of every operator but those with graphs inside.
inline std::vector<OperatorCase> operator_cases() {
  using ir::DataType;
  using ir::Tensor;
  using Ints = std::vector<std::int64_t>;
  const auto numbers = [](DataType type, std::initializer_list<std::int64_t> dims) {
    Tensor t = Tensor::zeros(type, dims);
    for (std::int64_t i = 0; i < t.num_elements(); ++i)
      t.set_double(i, static_cast<double>(i * 5 % 7 - 3));
    return t;
  };
  const auto floats = [&](std::initializer_list<std::int64_t> dims) {
    return numbers(DataType::kFloat32, dims);
  };
  const auto int8s = [&](std::initializer_list<std::int64_t> dims) {
    return numbers(DataType::kInt8, dims);
  };
  const auto ints = [](const Ints& values) { return Tensor::vector_int64(values); };
  const Tensor four = Tensor::from_values<float>({4}, {0.5F, 1, 1.5F, 2});
  const Tensor zeros = Tensor::zeros(DataType::kInt8, {4});
  const Tensor scale = Tensor::scalar(0.5F);
  const Tensor zero = Tensor::scalar<std::int8_t>(1);
  const Tensor row = floats({2, 3});
  const Tensor image = floats({1, 4, 5, 5});
  const Tensor bytes = int8s({1, 4, 3, 3});
  const Tensor bias = numbers(DataType::kInt32, {4});
  const ir::AttributeMap window{{"kernel_shape", Ints{2, 2}}};
  const Tensor truths = Tensor::from_values<bool>({2, 1}, {true, false});
  const Tensor positive = Tensor::from_values<float>({2, 3}, {0.5F, 1, 2, 3, 4, 5});
  const auto one_int = [](std::int64_t value) { return Tensor::scalar(value); };

  std::vector<OperatorCase> cases{
      {"ArgMax", {row}, {{"axis", std::int64_t{1}}}},
      {"ArgMin", {image}, {{"axis", std::int64_t{-1}}, {"keepdims", std::int64_t{0}}}},
      {"AveragePool", {image}, window},
      {"BatchNormalization", {image, four, four, four, four}},
      {"Cast", {row}, {{"to", static_cast<std::int64_t>(DataType::kInt64)}}},
      {"Clip", {row, Tensor::scalar(-1.0F), Tensor::scalar(1.0F)}},
      {"Compress",
       {row, Tensor::from_values<bool>({3}, {true, false, true})},
       {{"axis", std::int64_t{1}}}},
      {"Concat", {image, image}, {{"axis", std::int64_t{1}}}},
      {"ConstantOfShape", {ints({2, 3})}, {{"value", ints({7})}}},
      {"Conv", {image, floats({4, 4, 3, 3}), four}},
      {"CumSum", {row, one_int(1)}},
      {"ConvTranspose", {image, floats({4, 4, 3, 3}), four}},
      {"DepthToSpace", {image}, {{"blocksize", std::int64_t{2}}}},
      {"DequantizeLinear", {int8s({2, 4}), four, zeros}},
      {"Dropout", {row, scale, Tensor::scalar(false)}},
      {"Expand", {row, ints({2, 1, 1})}},
      {"Flatten", {image}},
      {"Gather", {image, ints({2, -1})}, {{"axis", std::int64_t{1}}}},
      {"GatherElements", {row, Tensor::from_values<std::int64_t>({1, 2}, {1, 0})}},
      {"GatherND",
       {floats({2, 3, 4}), Tensor::from_values<std::int64_t>({2, 1}, {-1, 1})},
       {{"batch_dims", std::int64_t{1}}}},
      {"Gemm", {row, floats({3, 4}), four}},
      {"GlobalAveragePool", {image}},
      {"GlobalMaxPool", {image}},
      {"GroupNormalization", {image, four, four}, {{"num_groups", std::int64_t{2}}}},
      {"InstanceNormalization", {image, four, four}},
      {"LayerNormalization", {floats({2, 4}), four, four}},
      {"MatMul", {row, floats({3, 4})}},
      {"MaxPool", {image}, window},
      {"Mod", {ints({7, -7, 5}), ints({3, 3, -2})}},
      {"Not", {truths}},
      {"PRelu", {image, floats({4, 1, 1})}},
      {"NonMaxSuppression", {floats({1, 3, 4}), floats({1, 2, 3}), ints({2}), scale, scale}},
      {"OneHot", {ints({0, 2}), ints({3}), floats({2})}},
      {"Pad", {row, ints({0, 1, 2, 0}), Tensor::scalar(9.0F), ints({0, 1})}},
      {"Pow", {row, ints({2, -1, 0})}},
      {"QLinearConv", {bytes, scale, zero, int8s({4, 4, 1, 1}), four, zeros, scale, zero, bias}},
      {"QLinearMatMul", {int8s({2, 3}), scale, zero, int8s({3, 4}), four, zeros, scale, zero}},
      {"QuantizeLinear", {floats({2, 4}), four, zeros}},
      {"Range", {one_int(2), one_int(9), one_int(3)}},
      {"ReduceLogSum", {positive, ints({-1})}},
      {"Reshape", {row, ints({3, 2})}},
      {"Slice", {image, ints({1, -1}), ints({4, 0}), ints({3, 1}), ints({2, -1})}},
      {"Split", {row, ints({3})}, {{"axis", std::int64_t{1}}}},
      {"Squeeze", {floats({2, 1, 3}), ints({1})}},
      {"Tile", {row, ints({2, 3})}},
      {"RMSNormalization", {floats({2, 4}), four}},
      {"Resize",
       {image, floats({8}), Tensor::from_values<float>({4}, {1, 1, 0.5F, 2})},
       {{"mode", std::string("linear")}}},
      {"ScatterElements",
       {row, Tensor::from_values<std::int64_t>({1, 2}, {1, -1}), floats({1, 2})}},
      {"ScatterND", {row, Tensor::from_values<std::int64_t>({2, 1}, {1, 0}), floats({2, 3})}},
      {"SpaceToDepth", {floats({1, 2, 4, 6})}, {{"blocksize", std::int64_t{2}}}},
      {.op = "TopK", .inputs = {row, ints({2})}, .outputs = 2},
      {"Transpose", {image}},
      {"Trilu", {image, one_int(1)}},
      {"Unsqueeze", {row, ints({1})}},
      {"Where", {truths, row, floats({3})}},
      {"QGemm",
       {int8s({2, 3}), scale, zero, int8s({3, 4}), four, zeros, bias, scale, zero},
       {},
       ir::kMicrosoftDomain},
      {"QLinearAdd",
       {bytes, scale, zero, bytes, scale, zero, scale, zero},
       {},
       ir::kMicrosoftDomain},
      {"QLinearGlobalAveragePool", {bytes, scale, zero, scale, zero}, {}, ir::kMicrosoftDomain},
      {"QLinearAveragePool",
       {bytes, scale, zero, scale, zero},
       {{"kernel_shape", std::vector<std::int64_t>{1, 1}}},
       ir::kMicrosoftDomain},
      {"QLinearConcat",
       {scale, zero, bytes, scale, zero, bytes, scale, zero},
       {{"axis", std::int64_t{1}}},
       ir::kMicrosoftDomain},
      {"QLinearLeakyRelu", {bytes, scale, zero, scale, zero}, {}, ir::kMicrosoftDomain},
      {"QLinearMul",
       {bytes, scale, zero, bytes, scale, zero, scale, zero},
       {},
       ir::kMicrosoftDomain},
      {"QLinearSigmoid", {bytes, scale, zero, scale, zero}, {}, ir::kMicrosoftDomain},
      {"QLinearSoftmax",
       {bytes, scale, zero, scale, zero},
       {{"opset", std::int64_t{13}}},
       ir::kMicrosoftDomain},
      {"Interleave", {image}, {{"blocks", std::vector<std::int64_t>{2, 1}}}, ir::kLatheDomain},
      {"QConv", {bytes, scale, zero, int8s({4, 4, 1, 1}), four, zeros, bias}, {}, ir::kLatheDomain},
      {"QMatMul", {int8s({2, 3}), scale, zero, int8s({3, 4}), four, zeros}, {}, ir::kLatheDomain},
      {"Lookup", {bytes, numbers(DataType::kInt8, {256})}, {}, ir::kLatheDomain},
      {"Reorder", {image}, {{"layout", std::string("channels_last")}}, ir::kLatheDomain}};
  for (const char* op :
       {"Abs",        "Ceil",        "Cos",       "Elu",      "Erf",   "Exp",   "Floor",
        "Gelu",       "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu",
        "LogSoftmax", "Max",         "Mean",      "Min",      "Neg",   "Relu",  "Round",
        "Selu",       "Shape",       "Sigmoid",   "Sign",     "Sin",   "Size",  "Softmax",
        "Softplus",   "Softsign",    "Sum",       "Tanh"}) {
    cases.push_back({op, {row}});
  }
  for (const char* op : {"LpNormalization", "NonZero", "Unique"}) cases.push_back({op, {row}});
  cases.push_back({"MeanVarianceNormalization", {image}});
  for (const char* op : {"Log", "Reciprocal", "Sqrt"}) cases.push_back({op, {positive}});
  for (const char* op : {"Add", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual",
                         "Max", "Mean", "Min", "Mod", "Mul", "Pow", "Sub", "Sum"})
    cases.push_back({op, {image, Tensor::from_values<float>({4, 1, 1}, {1, 2, 3, 4})}});
  for (const char* op : {"And", "Or", "Xor"})
    cases.push_back({op, {truths, Tensor::from_values<bool>({3}, {true, false, true})}});
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
                         "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"})
    cases.push_back({op, {image, ints({2, 3})}});
  for (const auto& family : {classical_cases(), math_cases(), recurrent_cases(), sequences_cases(),
                             signal_cases(), vision_cases()})
    cases.insert(cases.end(), family.begin(), family.end());
  return cases;
}

// The tensor with another type, another rank, more and fewer elements, none at all; integers of 64
// bits (axes, pads, shapes) also with values that fit nowhere.
inline std::vector<ir::Tensor> damaged(const ir::Tensor& good) {
  using ir::DataType;
  using ir::Tensor;
  const auto filled = [](DataType type, const std::vector<std::int64_t>& dims, double value) {
    Tensor t = Tensor::zeros(type, dims);
    for (std::int64_t i = 0; ir::is_numeric(type) && i < t.num_elements(); ++i)
      t.set_double(i, value);
    return t;
  };
  std::vector<Tensor> tensors;
  for (const DataType type :
       {DataType::kString, DataType::kComplex64, DataType::kBool, DataType::kInt4, DataType::kInt8,
        DataType::kUint8, DataType::kInt32, DataType::kInt64, DataType::kFloat16,
        DataType::kFloat32, DataType::kFloat64, DataType::kFloat8E4M3FN}) {
    if (type != good.data_type()) tensors.push_back(filled(type, good.dims(), 1));
  }
  std::vector<std::vector<std::int64_t>> shapes{{}, {0}, {1}, {1, 1}, {good.num_elements()}};
  shapes.push_back(good.dims());
  shapes.back().insert(shapes.back().begin(), 1);
  shapes.push_back(good.dims());
  shapes.back().push_back(1);
  for (std::size_t axis = 0; axis < good.rank(); ++axis) {
    for (const std::int64_t extent :
         {std::int64_t{0}, std::max<std::int64_t>(good.dim(axis) - 1, 0), good.dim(axis) + 1}) {
      shapes.push_back(good.dims());
      shapes.back()[axis] = extent;
    }
  }
  for (const auto& shape : shapes) tensors.push_back(filled(good.data_type(), shape, 1));
  if (good.data_type() == DataType::kInt64) {
    for (const double value : {-9.3e18, 9.3e18, -1.0, 0.0, 7.0, 3e12})
      tensors.push_back(filled(good.data_type(), good.dims(), value));
  }
  return tensors;
}

}  // namespace lathe::ops

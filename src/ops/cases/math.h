// One good call of each operator of arithmetic, bits and conversions that operator_cases.h leaves
// to this file.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"
#include "ops/operator_case.h"

namespace lathe::ops {

inline std::vector<OperatorCase> math_cases() {
  using ir::DataType;
  using ir::Tensor;
  using Ints = std::vector<std::int64_t>;
  const auto floats = [](std::initializer_list<std::int64_t> dims) {
    Tensor t = Tensor::zeros(DataType::kFloat32, dims);
    for (std::int64_t i = 0; i < t.num_elements(); ++i)
      t.set_double(i, static_cast<double>(i * 5 % 7 - 3) / 4);
    return t;
  };
  const Tensor row = floats({2, 3});
  const Tensor integers = Tensor::from_values<std::int32_t>({2, 3}, {1, -2, 3, -4, 5, 6});
  const Tensor counts = Tensor::from_values<std::int32_t>({3}, {1, 0, 2});
  const auto ints = [](const Ints& values) { return Tensor::vector_int64(values); };
  const auto type = [](DataType wanted) { return static_cast<std::int64_t>(wanted); };

  std::vector<OperatorCase> cases{
      {"BitCast", {row}, {{"to", type(DataType::kInt32)}}},
      {"BitShift", {integers, counts}, {{"direction", std::string("LEFT")}}},
      {"BitwiseNot", {integers}},
      {"CastLike", {row, counts}},
      {"CenterCropPad", {row, ints({4, 1})}},
      {"CumProd", {row, Tensor::scalar<std::int64_t>(1)}},
      {"Det", {floats({2, 3, 3})}},
      {"Einsum", {row, floats({3, 4})}, {{"equation", std::string("ij,jk->ik")}}},
      {"EyeLike", {row}, {{"k", std::int64_t{1}}}},
      {"ReverseSequence", {row, ints({2, 1, 0})}},
      {"SwiGLU", {row, row}},
      {"TensorScatter", {floats({2, 4, 3}), floats({2, 1, 3}), ints({3, 0})}}};
  for (const char* op : {"BitwiseAnd", "BitwiseOr", "BitwiseXor"})
    cases.push_back({op, {integers, counts}});
  for (const char* op : {"Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Celu", "Cosh",
                         "Hardmax", "Mish", "Shrink", "Sinh", "Swish", "Tan", "ThresholdedRelu"}) {
    cases.push_back({op, {row}});
  }
  return cases;
}

}  // namespace lathe::ops

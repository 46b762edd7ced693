// One good call of each recurrent layer, quantized product and loss that operator_cases.h leaves to
// this file.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "ops/operator_case.h"

namespace lathe::ops {

inline std::vector<OperatorCase> recurrent_cases() {
  using ir::DataType;
  using ir::Tensor;
  const auto numbers = [](DataType type, std::initializer_list<std::int64_t> dims) {
    Tensor t = Tensor::zeros(type, dims);
    for (std::int64_t i = 0; i < t.num_elements(); ++i)
      t.set_double(i, static_cast<double>(i * 5 % 7 - 3));
    return t;
  };
  const auto floats = [&](std::initializer_list<std::int64_t> dims) {
    return numbers(DataType::kFloat32, dims);
  };
  const auto bytes = [&](std::initializer_list<std::int64_t> dims) {
    return numbers(DataType::kInt8, dims);
  };
  // Two steps of two sequences of three numbers, in layers of two.
  const Tensor x = floats({2, 2, 3});
  const Tensor state = floats({1, 2, 2});
  const Tensor lengths = Tensor::from_values<std::int32_t>({2}, {2, 1});
  const auto layer = [&](std::string_view op, std::int64_t gates) {
    return OperatorCase{.op = op,
                        .inputs = {x, floats({1, 2 * gates, 3}), floats({1, 2 * gates, 2}),
                                   floats({1, 4 * gates}), lengths, state},
                        .outputs = 2};
  };
  OperatorCase lstm = layer("LSTM", 4);
  lstm.inputs.push_back(state);
  lstm.inputs.push_back(floats({1, 6}));
  lstm.outputs = 3;
  const Tensor zeros = Tensor::zeros(DataType::kInt8, {4});
  const Tensor zero = Tensor::scalar<std::int8_t>(1);
  const Tensor weights = Tensor::from_values<float>({3}, {1, 2, 3});
  const Tensor classes = Tensor::from_values<std::int64_t>({2, 2}, {0, 2, 1, 1});

  return {layer("RNN", 1),
          layer("GRU", 3),
          lstm,
          {"ConvInteger", {bytes({1, 4, 3, 3}), bytes({4, 4, 1, 1}), zero, zeros}},
          {"MatMulInteger", {bytes({2, 3}), bytes({3, 4}), zero, zeros}},
          {.op = "DynamicQuantizeLinear", .inputs = {floats({2, 3})}, .outputs = 3},
          {"NegativeLogLikelihoodLoss", {floats({2, 3, 2}), classes, weights}},
          {.op = "SoftmaxCrossEntropyLoss",
           .inputs = {floats({2, 3, 2}), classes, weights},
           .outputs = 2}};
}

}  // namespace lathe::ops

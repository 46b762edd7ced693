// One good call of each operator of signals, of random numbers and of pooling that is undone.
#pragma once

#include <string>
#include <vector>

#include "ops/operator_case.h"

namespace lathe::ops {

// RandomNormal and RandomUniform have no inputs, and so no case.
inline std::vector<OperatorCase> signal_cases() {
  using ir::Tensor;
  using Ints = std::vector<std::int64_t>;
  const auto number = [](std::int64_t value) { return Tensor::scalar(value); };
  const auto floats = [](std::initializer_list<std::int64_t> dims) {
    Tensor t = Tensor::zeros(ir::DataType::kFloat32, dims);
    for (std::int64_t i = 0; i < t.num_elements(); ++i)
      t.set_double(i, static_cast<double>(i * 5 % 7 - 3));
    return t;
  };
  const ir::AttributeMap window{{"kernel_shape", Ints{2, 2}}};
  const ir::AttributeMap seed{{"seed", 1.0F}};
  const Tensor image = floats({1, 2, 4, 5});
  const Tensor places = Tensor::from_values<std::int64_t>({1, 1, 2, 2}, {5, 7, 13, 15});
  return {{"Bernoulli", {Tensor::from_values<float>({2, 2}, {0, 0.25F, 0.5F, 1})}, seed},
          {"BlackmanWindow", {number(5)}},
          {"Col2Im",
           {floats({1, 8, 6}), Tensor::vector_int64(Ints{3, 4}), Tensor::vector_int64(Ints{2, 2})}},
          {"DFT", {floats({2, 6, 1}), number(5), number(1)}, {{"onesided", std::int64_t{1}}}},
          {"GlobalLpPool", {image}},
          {"HammingWindow", {number(5)}},
          {"HannWindow", {number(5)}, {{"periodic", std::int64_t{0}}}},
          {"LRN", {image}, {{"size", std::int64_t{3}}}},
          {"LpPool", {image}, window},
          {.op = "MaxPool", .inputs = {image}, .attributes = window, .outputs = 2},
          {"MaxUnpool",
           {floats({1, 1, 2, 2}), places, Tensor::vector_int64(Ints{1, 1, 5, 4})},
           {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}},
          {"MelWeightMatrix",
           {number(4), number(16), number(8000), Tensor::scalar(100.0F), Tensor::scalar(3000.0F)}},
          {"Multinomial", {floats({2, 3})}, {{"seed", 1.0F}, {"sample_size", std::int64_t{4}}}},
          {"RandomNormalLike", {floats({2, 3})}, seed},
          {"RandomUniformLike", {floats({2, 3})}, seed},
          {"STFT",
           {floats({2, 9, 1}), number(2), Tensor::from_values<float>({4}, {0.5F, 1, 1, 0.5F}),
            number(4)}}};
}

}  // namespace lathe::ops

// Good calls of the operators that sample images, and of attention.
#pragma once

#include <string>
#include <vector>

#include "ops/operator_case.h"

namespace lathe::ops {

inline std::vector<OperatorCase> vision_cases() {
  using ir::Tensor;
  using Ints = std::vector<std::int64_t>;
  const auto floats = [](std::initializer_list<std::int64_t> dims) {
    Tensor t = Tensor::zeros(ir::DataType::kFloat32, dims);
    for (std::int64_t i = 0; i < t.num_elements(); ++i)
      t.set_double(i, static_cast<double>(i * 5 % 7) / 4 - 0.75);
    return t;
  };
  const auto ints = [](const Ints& values) { return Tensor::vector_int64(values); };
  const Tensor image = floats({1, 2, 4, 5});
  const Tensor region = Tensor::from_values<float>({2, 4}, {0, 0, 3, 2, 1, 1, 2, 4});
  const Tensor pooled = Tensor::from_values<float>({1, 5}, {0, 0, 1, 3, 2});
  const Tensor queries = floats({2, 4, 3, 6});
  const Tensor keys = floats({2, 2, 5, 6});
  const Tensor places = Tensor::from_values<std::int64_t>({2, 3}, {0, 1, 2, 3, 4, 5});
  const ir::AttributeMap heads{{"q_num_heads", std::int64_t{4}}, {"kv_num_heads", std::int64_t{2}}};
  return {
      {"GridSample", {image, floats({1, 3, 2, 2})}, {{"mode", std::string("cubic")}}},
      {"AffineGrid", {floats({2, 2, 3}), ints({2, 1, 3, 4})}},
      {"RoiAlign",
       {image, region, ints({0, 0})},
       {{"output_height", std::int64_t{2}}, {"output_width", std::int64_t{3}}}},
      {"MaxRoiPool", {image, pooled}, {{"pooled_shape", Ints{2, 3}}}},
      {"DeformConv",
       {image, floats({3, 2, 2, 2}), floats({1, 8, 3, 4}), floats({3}), floats({1, 4, 3, 4})}},
      {"RotaryEmbedding", {queries, floats({9, 3}), floats({9, 3}), places}},
      {.op = "CausalConvWithState",
       .inputs = {floats({2, 3, 5}), floats({3, 1, 4}), floats({3}), floats({2, 3, 3})},
       .outputs = 2},
      {.op = "LinearAttention",
       .inputs = {floats({2, 3, 8}), floats({2, 3, 4}), floats({2, 3, 6}), floats({2, 2, 2, 3}),
                  floats({2, 3, 2}), floats({2, 3, 1})},
       .attributes = heads,
       .outputs = 2},
      {.op = "Attention",
       .inputs = {queries, keys, keys, floats({3, 8}), floats({2, 2, 3, 6}), floats({2, 2, 3, 6})},
       .attributes = {{"is_causal", std::int64_t{1}}},
       .outputs = 4},
      {"FlexAttention", {queries, keys, keys}, {}, "ai.onnx.preview"}};
}

}  // namespace lathe::ops

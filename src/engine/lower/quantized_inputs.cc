#include "engine/lower/quantized_inputs.h"

#include <algorithm>

#include "ops/requantize.h"

namespace lathe::engine {

std::optional<QuantizedTensor> quantized_tensor(const ir::Graph& graph, const ir::Node& node,
                                                std::size_t scale, ir::DataType data_type) {
  const ir::Tensor* s = graph.constant(node.input(scale));
  const ir::Tensor* z = graph.constant(node.input(scale + 1));
  const bool is_8_bit = data_type == ir::DataType::kInt8 || data_type == ir::DataType::kUint8;
  if (!is_8_bit || s == nullptr || s->num_elements() != 1 ||
      s->data_type() != ir::DataType::kFloat32) {
    return std::nullopt;
  }
  if (node.input(scale + 1) != ir::kNoValue && (z == nullptr || z->num_elements() != 1))
    return std::nullopt;
  return QuantizedTensor{s->data<float>()[0],
                         {data_type == ir::DataType::kInt8,
                          z == nullptr ? 0 : static_cast<std::int32_t>(z->get_int64(0))}};
}

IntegerBounds integer_bounds(const kernels::QuantizedActivation& result,
                             const ops::Epilogue& epilogue) {
  const auto low = static_cast<float>(result.lowest());
  const auto high = static_cast<float>(result.highest());
  return {static_cast<std::int32_t>(std::clamp(epilogue.minimum, low, high)),
          static_cast<std::int32_t>(std::clamp(epilogue.maximum, low, high))};
}

bool is_zero(const ir::Graph& graph, ir::ValueId value) {
  if (value == ir::kNoValue) return true;
  const ir::Tensor* tensor = graph.constant(value);
  if (tensor == nullptr || tensor->data_type() != ir::DataType::kInt8) return false;
  for (const std::int8_t v : tensor->data<std::int8_t>()) {
    if (v != 0) return false;
  }
  return true;
}

std::vector<float> multipliers(float x_scale, const ir::Tensor& w_scale, std::int64_t channels,
                               std::optional<float> y_scale) {
  std::vector<float> result;
  const auto scales = w_scale.data<float>();
  for (std::int64_t c = 0; c < channels; ++c) {
    const float w = scales[scales.size() == 1 ? 0 : static_cast<std::size_t>(c)];
    result.push_back(y_scale ? ops::requantize_multiplier(x_scale, w, *y_scale) : x_scale * w);
  }
  return result;
}

std::span<const std::int32_t> int32_bias(const ir::Graph& graph, ir::ValueId value) {
  const ir::Tensor* tensor = graph.constant(value);
  return tensor == nullptr ? std::span<const std::int32_t>{} : tensor->data<std::int32_t>();
}

}  // namespace lathe::engine

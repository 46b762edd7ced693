// Reading the scales and zero points of quantized operators while lowering.
#pragma once

#include <optional>

#include "engine/plan_builder.h"
#include "kernels/requantize.h"

namespace lathe::engine {

struct QuantizedTensor {
  float scale = 1;
  kernels::QuantizedActivation activation;
};

// Scale input i and zero point input i + 1 of a node, both constant scalars, for a tensor of 8-bit
// type; an absent zero point is 0 of `data_type`. Empty where something else is found.
std::optional<QuantizedTensor> quantized_tensor(const ir::Graph& graph, const ir::Node& node,
                                                std::size_t scale, ir::DataType data_type);

// The bounds of a result, in its steps: those of its type, and of an epilogue that clamps.
struct IntegerBounds {
  std::int32_t low;
  std::int32_t high;
};
IntegerBounds integer_bounds(const kernels::QuantizedActivation& result,
                             const ops::Epilogue& epilogue);

// Whether a constant is int8 zeros, or absent.
bool is_zero(const ir::Graph& graph, ir::ValueId value);

// float32(x_scale * w_scale[c]) / y_scale for every output channel; without y_scale,
// float32(x_scale * w_scale[c]).
std::vector<float> multipliers(float x_scale, const ir::Tensor& w_scale, std::int64_t channels,
                               std::optional<float> y_scale);

// A constant int32 vector as a span, empty where absent.
std::span<const std::int32_t> int32_bias(const ir::Graph& graph, ir::ValueId value);

}  // namespace lathe::engine

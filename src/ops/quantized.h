// Checks and readers that the quantized operators share.
#pragma once

#include "ops/op_def.h"
#include "ops/requantize.h"

namespace lathe::ops {

// A scale and zero point pair per tensor, as inputs `scale` and `zero_point` of a node.
struct QuantizationParameters {
  float scale;
  std::int32_t zero_point;
};

// Reads scalar inputs (a single element of any rank); an absent zero point is 0.
QuantizationParameters scalar_parameters(const EvaluateContext& context, std::size_t scale);

// Refuses anything but 8-bit integers.
Status require_8_bit(const InferContext& context, std::size_t input);
// Refuses a scale or zero point of weights that has neither one element nor one for each channel.
Status require_per_channel(const InferContext& context, std::size_t input, const ir::Dim& channels);

// A contributed operator of one tensor: X, x_scale, x_zero_point, y_scale, y_zero_point.
OpDef qlinear_of_one(std::string_view name, InferFn infer, EvaluateFn evaluate);

// 8-bit elements as int32.
std::vector<std::int32_t> widen(const ir::Tensor& tensor);

}  // namespace lathe::ops

// What LayerNormalization, RMSNormalization, InstanceNormalization and GroupNormalization share:
// they normalise rows, which are contiguous, and scale what comes out.
#pragma once

#include <span>
#include <vector>

#include "ops/op_def.h"

namespace lathe::ops {

// The type that a stash_type names, which statistics are computed and returned in. Evaluation is
// exact beyond all of them.
Result<ir::DataType> stash_type(const InferContext& context);

struct Statistics {
  double mean = 0;
  double inverse_deviation = 1;  // 1 / sqrt(variance + epsilon)
};
// With `centered` false the mean counts as 0.
template <typename T>
Statistics row_statistics(std::span<const T> row, double epsilon, bool centered = true);

// Of float32 or float64.
std::vector<double> as_doubles(const ir::Tensor& tensor);

// InstanceNormalization and GroupNormalization on [N, C, ...], with C values of scale and bias:
// `groups` rows for each of the N.
Result<ir::Tensor> normalize_groups(const EvaluateContext& context, std::int64_t groups);

// Their input: floating point [N, C, ...] with vectors of C values.
Status check_channels(const InferContext& context);

}  // namespace lathe::ops

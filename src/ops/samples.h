// What operators of ai.onnx.ml read: samples, each with its features.
#pragma once

#include <span>
#include <vector>

#include "ops/dispatch.h"
#include "ops/op_def.h"

namespace lathe::ops {

struct Samples {
  ir::Dim count;
  ir::Dim features;
};

// Of an input: a matrix of samples by features, or a vector, which is one sample.
inline Result<Samples> infer_samples(const InferContext& context, std::size_t input = 0) {
  const auto& shape = context.input(input).shape;
  if (!shape) return Samples{};
  if (shape->size() == 1) return Samples{1, (*shape)[0]};
  if (shape->size() == 2) return Samples{(*shape)[0], (*shape)[1]};
  return invalid_data("{} has shape {}, expected [samples,features] or [features]",
                      context.place(input), ir::to_string(*shape));
}

// Refuses samples that surely have another number of features.
inline Status require_features(const Samples& samples, std::int64_t features) {
  if (!samples.features.known() || samples.features.value() == features) return {};
  return invalid_data("samples have {} features, but the attributes are for {}",
                      samples.features.value(), features);
}

inline std::int64_t sample_count(const ir::Tensor& x) { return x.rank() == 1 ? 1 : x.dim(0); }

// Calls visit(i, features) for each sample; the features are doubles.
template <typename Visit>
void for_each_sample(const ir::Tensor& x, Visit visit) {
  const auto count = static_cast<std::size_t>(sample_count(x));
  if (count == 0) return;
  const auto features = static_cast<std::size_t>(x.dims().back());
  std::vector<double> row(features);
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t f = 0; f < features; ++f) row[f] = static_cast<double>(in[i * features + f]);
      visit(i, std::span<const double>(row));
    }
  });
}

// The sum of features, each times its coefficient.
inline double weighted_sum(std::span<const double> features, std::span<const float> coefficients) {
  double sum = 0;
  for (std::size_t f = 0; f < features.size(); ++f)
    sum += features[f] * static_cast<double>(coefficients[f]);
  return sum;
}

}  // namespace lathe::ops

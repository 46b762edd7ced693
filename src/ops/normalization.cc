#include "ops/normalization.h"

#include <cmath>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {

Result<ir::DataType> stash_type(const InferContext& context) {
  const std::int64_t number = context.attributes().get_int("stash_type");
  for (const ir::DataType type : {ir::DataType::kFloat32, ir::DataType::kBFloat16,
                                  ir::DataType::kFloat16, ir::DataType::kFloat64}) {
    if (number == static_cast<std::int64_t>(type)) return type;
  }
  return invalid_data("stash_type is {}, which is no floating point type", number);
}

template <typename T>
Statistics row_statistics(std::span<const T> row, double epsilon, bool centered) {
  const auto count = static_cast<double>(row.size());
  Statistics statistics;
  if (centered) {
    for (const T v : row) statistics.mean += static_cast<double>(v);
    statistics.mean /= count;
  }
  double variance = 0;
  for (const T v : row) {
    const double distance = static_cast<double>(v) - statistics.mean;
    variance += distance * distance;
  }
  statistics.inverse_deviation = 1 / std::sqrt(variance / count + epsilon);
  return statistics;
}
template Statistics row_statistics(std::span<const float>, double, bool);
template Statistics row_statistics(std::span<const double>, double, bool);

std::vector<double> as_doubles(const ir::Tensor& tensor) {
  return dispatch_float(tensor.data_type(), [&]<typename T>() {
    const auto values = tensor.data<T>();
    return std::vector<double>(values.begin(), values.end());
  });
}

Status check_channels(const InferContext& context) {
  const auto& x = context.input(0).shape;
  if (!x) return {};
  if (x->size() < 2)
    return invalid_data("input has shape {}, expected [N,C,...]", ir::to_string(*x));
  for (const std::size_t input : {1, 2})
    RETURN_IF_ERROR(require_vector_of(context, input, (*x)[1]));
  return {};
}

Result<ir::Tensor> normalize_groups(const EvaluateContext& context, std::int64_t groups) {
  const ir::Tensor& x = context.inputs[0];
  const double epsilon = static_cast<double>(context.attributes().get_float("epsilon"));
  const std::vector<double> scale = as_doubles(context.inputs[1]);
  const std::vector<double> bias = as_doubles(context.inputs[2]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  if (x.num_elements() == 0) return y;
  const auto channels = static_cast<std::size_t>(x.dim(1));
  const auto row_size = static_cast<std::size_t>(x.num_elements() / (x.dim(0) * groups));
  const auto channel_size = row_size * static_cast<std::size_t>(groups) / channels;
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    Statistics row;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (i % row_size == 0) row = row_statistics(in.subspan(i, row_size), epsilon);
      const std::size_t c = i / channel_size % channels;
      const double normal = (static_cast<double>(in[i]) - row.mean) * row.inverse_deviation;
      out[i] = static_cast<T>(normal * scale[c] + bias[c]);
    }
  });
  return y;
}

}  // namespace lathe::ops

// The shared parts of unary and binary elementwise operators.
#pragma once

#include <cmath>

#include "ops/dispatch.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {

// y[i] = function(x[i]) for floating point tensors.
template <typename Function>
Result<Values> evaluate_unary_float(const ir::Tensor& x, Function function) {
  ir::Tensor y = ir::Tensor::zeros(x.data_type(), x.dims());
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = static_cast<T>(function(in[i]));
  });
  return std::vector{std::move(y)};
}

// The same for all numbers.
template <typename Function>
Result<Values> evaluate_unary(const ir::Tensor& x, Function function) {
  ir::Tensor y = ir::Tensor::zeros(x.data_type(), x.dims());
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = static_cast<T>(function(in[i]));
  });
  return std::vector{std::move(y)};
}

// All inputs broadcast together, to elements of this type.
Result<Types> infer_broadcast(const InferContext& context, ir::DataType type);
// The same, of the type of the first.
Result<Types> infer_binary(const InferContext& context);

// y = function(a, b) with broadcasting to the extents of y, for elements of types A, B and Y.
template <typename A, typename B, typename Y, typename Function>
void fill_broadcast(const ir::Tensor& a, const ir::Tensor& b, ir::Tensor& y, Function function) {
  if (y.num_elements() == 0) return;
  const Dims dims = y.dims();
  const Dims stride_a = broadcast_strides(a.dims(), dims);
  const Dims stride_b = broadcast_strides(b.dims(), dims);
  const auto in_a = a.data<A>();
  const auto in_b = b.data<B>();
  Dims index(dims.size(), 0);
  for (Y& out : y.mutable_data<Y>()) {
    std::int64_t ia = 0;
    std::int64_t ib = 0;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      ia += index[d] * stride_a[d];
      ib += index[d] * stride_b[d];
    }
    out = static_cast<Y>(
        function(in_a[static_cast<std::size_t>(ia)], in_b[static_cast<std::size_t>(ib)]));
    next_index(index, dims);
  }
}

// y = function(a, b) with broadcasting, on numeric types.
template <typename Function>
Result<Values> evaluate_binary(const EvaluateContext& context, Function function) {
  const ir::Tensor& a = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(a.data_type(), require_dims(context.output_types[0])));
  dispatch_numeric(a.data_type(), [&]<typename T>() {
    fill_broadcast<T, T, T>(a, context.inputs[1], y, function);
  });
  return std::vector{std::move(y)};
}

// Refuses a divisor that has a 0, unless it is of floating point.
Status require_no_integer_zero(const ir::Tensor& divisor);

// Integer arithmetic that wraps around instead of overflowing.
template <typename T, typename Function>
T wrapping(T a, T b, Function function) {
  if constexpr (std::is_floating_point_v<T>) {
    return function(a, b);
  } else {
    return static_cast<T>(function(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
  }
}

}  // namespace lathe::ops

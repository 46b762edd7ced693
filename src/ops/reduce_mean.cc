#include <algorithm>

#include "ops/axes_input.h"
#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Which axes are reduced: those given, or all where none are given and noop_with_empty_axes is 0.
Result<std::vector<bool>> reduced_axes(const ir::Node& node, const std::vector<std::int64_t>& axes,
                                       std::size_t rank) {
  std::vector<bool> reduced(rank,
                            axes.empty() && attributes(node).get_int("noop_with_empty_axes") == 0);
  ASSIGN_OR_RETURN(const auto normalized, normalize_axes(axes, rank));
  for (const std::size_t axis : normalized) reduced[axis] = true;
  return reduced;
}

Result<Types> infer_reduce_mean(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  const ir::TensorType& x = context.input(0);
  ASSIGN_OR_RETURN(const auto axes, constant_axes(context, 1));
  if (!x.shape) return std::vector{x};
  ASSIGN_OR_RETURN(const auto reduced, reduced_axes(context.node(), axes, x.shape->size()));
  const bool keep = context.attributes().get_int("keepdims") != 0;
  ir::Shape shape;
  for (std::size_t i = 0; i < x.shape->size(); ++i) {
    if (!reduced[i]) {
      shape.push_back((*x.shape)[i]);
    } else if (keep) {
      shape.emplace_back(1);
    }
  }
  return std::vector{ir::TensorType{x.data_type, shape}};
}

Result<Values> evaluate_reduce_mean(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims axes = context.has_input(1) ? context.inputs[1].to_int64s() : Dims{};
  ASSIGN_OR_RETURN(const auto reduced, reduced_axes(context.node, axes, x.rank()));
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  Dims kept(x.dims());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (reduced[i]) kept[i] = 1;
  }
  const Dims strides = broadcast_strides(kept, x.dims());
  std::vector<double> sums(static_cast<std::size_t>(y.num_elements()), 0.0);
  const double count = y.num_elements() == 0 ? 1.0
                                             : static_cast<double>(x.num_elements()) /
                                                   static_cast<double>(y.num_elements());
  dispatch_float(x.data_type(), [&]<typename T>() {
    Dims index(x.rank(), 0);
    for (const T v : x.data<T>()) {
      std::int64_t o = 0;
      for (std::size_t d = 0; d < index.size(); ++d) o += index[d] * strides[d];
      sums[static_cast<std::size_t>(o)] += static_cast<double>(v);
      next_index(index, x.dims());
    }
    auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(sums[i] / count);
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_ReduceMean() {
  return {.name = "ReduceMean",
          .infer = infer_reduce_mean,
          .evaluate = evaluate_reduce_mean,
          .operand_shapes = {{1, OperandShape::Rule::kScalarOrVector}}};
}

}  // namespace lathe::ops

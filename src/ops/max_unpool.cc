#include "ops/axes_input.h"
#include "ops/element_copy.h"
#include "ops/window.h"

namespace lathe::ops {
namespace {

enum UnpoolInput : std::size_t { kPooled, kPooledFrom, kUnpooledShape };

// The smallest extent whose pooling gives this one.
Result<ir::Dim> unpooled_extent(const Window& window, std::size_t axis, const ir::Dim& pooled) {
  if (pooled.known() && pooled.value() > kMaxExtent)
    return invalid_data("extent {} is absurd", pooled.value());
  const ir::SymInt extent = (pooled.symbolic() - 1) * window.strides[axis] -
                            (window.pads_begin[axis] + window.pads_end[axis]) + window.kernel[axis];
  if (extent.is_number() && *extent.number() < 0)
    return invalid_data("pads leave {} elements along spatial axis {}", *extent.number(), axis);
  return ir::Dim(extent);
}

Result<Window> unpool_window(const ir::Node& node, std::size_t rank) {
  Window window;
  ASSIGN_OR_RETURN(window.kernel, required_kernel_shape(node, rank));
  ASSIGN_OR_RETURN(window.strides, window_attribute(node, "strides", rank, 1, 1));
  ASSIGN_OR_RETURN(const Dims pads, window_attribute(node, "pads", rank * 2, 0, 0));
  const auto half = pads.begin() + static_cast<std::ptrdiff_t>(rank);
  window.pads_begin.assign(pads.begin(), half);
  window.pads_end.assign(half, pads.end());
  return window;
}

bool may_be_equal(const ir::Dim& a, const ir::Dim& b) { return !a.known() || !b.known() || a == b; }

// What the input output_shape says, which has to agree with the pooled tensor's batch and channels.
Result<std::optional<ir::Shape>> stated_output_shape(const InferContext& context) {
  ASSIGN_OR_RETURN(std::optional<ir::Shape> stated, shape_from_input(context, kUnpooledShape));
  const auto& pooled = context.input(kPooled).shape;
  if (!pooled) return stated;
  if (!stated) stated.emplace(pooled->size());
  if (stated->size() != pooled->size() || !may_be_equal((*stated)[0], (*pooled)[0]) ||
      !may_be_equal((*stated)[1], (*pooled)[1])) {
    return invalid_data("{} is {}, which does not fit the input of shape {}",
                        context.place(kUnpooledShape), ir::to_string(*stated),
                        ir::to_string(*pooled));
  }
  for (std::size_t i = 0; i < stated->size(); ++i) {
    ir::Dim& extent = (*stated)[i];
    if (!extent.symbolic().is_unknown()) continue;
    extent = i < 2 ? (*pooled)[i] : ir::Dim(ir::SymInt::data_dependent());
  }
  return stated;
}

Result<Types> infer_max_unpool(const InferContext& context) {
  ir::TensorType type = context.input(kPooled);
  const std::optional<ir::Shape> pooled = type.shape;
  if (pooled && pooled->size() < 3) {
    return invalid_data("{} has shape {}, expected [N,C,spatial...]", context.place(kPooled),
                        ir::to_string(*pooled));
  }
  if (const auto& indices = context.input(kPooledFrom).shape; pooled && indices) {
    bool fits = indices->size() == pooled->size();
    for (std::size_t i = 0; fits && i < pooled->size(); ++i)
      fits = may_be_equal((*indices)[i], (*pooled)[i]);
    if (!fits) {
      return invalid_data("{} has shape {}, expected {} as the input", context.place(kPooledFrom),
                          ir::to_string(*indices), ir::to_string(*pooled));
    }
  }
  if (pooled) {
    ASSIGN_OR_RETURN(const Window window, unpool_window(context.node(), pooled->size() - 2));
    for (std::size_t i = 2; !context.has_input(kUnpooledShape) && i < pooled->size(); ++i) {
      ASSIGN_OR_RETURN((*type.shape)[i], unpooled_extent(window, i - 2, (*pooled)[i]));
    }
  }
  if (context.has_input(kUnpooledShape)) {
    ASSIGN_OR_RETURN(type.shape, stated_output_shape(context));
  }
  return std::vector{type};
}

// Indices are places of the output; of equal ones the last is kept.
Result<Values> evaluate_max_unpool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[kPooled];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  const auto indices = context.inputs[kPooledFrom].data<std::int64_t>();
  if (indices.empty()) return std::vector{std::move(y)};
  ElementCopier copier(x, y);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= y.num_elements()) {
      return invalid_argument("indices has the value {}, expected 0 to {}", indices[i],
                              y.num_elements() - 1);
    }
    copier.copy(static_cast<std::int64_t>(i), indices[i]);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_MaxUnpool() {
  return {.name = "MaxUnpool",
          .infer = infer_max_unpool,
          .evaluate = evaluate_max_unpool,
          .operand_shapes = {{kUnpooledShape, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops

#include "ops/pooling.h"

namespace lathe::ops {

Result<Types> infer_pool(const InferContext& context) {
  ir::TensorType type = context.input(0);
  if (!type.shape) return std::vector{type};
  const ir::Shape x = *type.shape;
  if (x.size() < 3)
    return invalid_data("input has shape {}, expected [N,C,spatial...]", ir::to_string(x));
  ASSIGN_OR_RETURN(const Dims kernel, required_kernel_shape(context.node(), x.size() - 2));
  ASSIGN_OR_RETURN(const Window window,
                   resolve_window(context.node(), kernel, std::span(x).subspan(2)));
  const bool ceil_mode = context.attributes().get_int("ceil_mode") != 0;
  ASSIGN_OR_RETURN(type.shape, window_output_shape(window, x, x[1], ceil_mode));
  return std::vector{type};
}

Result<Types> infer_global_pool(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  ir::TensorType type = context.input(0);
  if (!type.shape) return std::vector{type};
  if (type.shape->size() < 3) {
    return invalid_data("input has shape {}, expected [N,C,spatial...]",
                        ir::to_string(*type.shape));
  }
  for (std::size_t i = 2; i < type.shape->size(); ++i) {
    if ((*type.shape)[i] == ir::Dim(0)) return invalid_data("spatial extent is 0");
    (*type.shape)[i] = 1;
  }
  return std::vector{type};
}

Window pool_window(const ir::Node& node, const ir::Tensor& x) {
  const ir::Shape shape = ir::make_shape(x.dims());
  const Dims kernel = required_kernel_shape(node, x.rank() - 2).value();
  return resolve_window(node, kernel, std::span(shape).subspan(2)).value();
}

}  // namespace lathe::ops

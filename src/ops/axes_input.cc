#include "ops/axes_input.h"

namespace lathe::ops {

Result<std::vector<std::int64_t>> constant_axes(const InferContext& context, std::size_t input) {
  if (!context.has_input(input)) return std::vector<std::int64_t>{};
  const ir::Tensor* axes = context.constant(input);
  if (axes == nullptr) return unsupported("axes that are not constant");
  if (axes->data_type() != ir::DataType::kInt64 || axes->rank() > 1 || axes->num_elements() > 64) {
    return invalid_data("axes are {}, expected a short vector of int64", axes->type().to_string());
  }
  return axes->to_int64s();
}

}  // namespace lathe::ops

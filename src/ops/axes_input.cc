#include "ops/axes_input.h"

namespace lathe::ops {

Result<std::vector<std::int64_t>> constant_axes(const InferContext& context, std::size_t input) {
  if (!context.has_input(input)) return std::vector<std::int64_t>{};
  const ir::Tensor* axes = context.constant(input);
  if (axes == nullptr) return unsupported("axes that are not constant");
  if (axes->num_elements() > 64) {
    return invalid_data("{} has {} elements, at most 64 are accepted", context.place(input),
                        axes->num_elements());
  }
  return axes->to_int64s();
}

}  // namespace lathe::ops

#include "ops/join_tensors.h"

#include "base/checked_math.h"
#include "ops/element_copy.h"

namespace lathe::ops {

Result<ir::Tensor> join_tensors(std::span<const ir::Tensor> parts, std::size_t axis) {
  const ir::Tensor& first = parts.front();
  Dims dims = first.dims();
  dims[axis] = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Dims beside = parts[i].dims();
    if (axis < beside.size()) beside[axis] = first.dim(axis);
    if (beside != first.dims()) {
      return invalid_data("tensor {} is {}, which differs from {} beside axis {}", i,
                          parts[i].type().to_string(), first.type().to_string(), axis);
    }
    const auto sum = checked_sum(dims[axis], parts[i].dim(axis));
    if (!sum) return error(ErrorCode::kResourceExhausted, "the extents' sum is too large");
    dims[axis] = *sum;
  }
  ASSIGN_OR_RETURN(ir::Tensor all, ir::Tensor::create(first.data_type(), dims));
  if (all.num_elements() == 0) return all;
  const AxisView view = view_around(dims, axis);
  std::int64_t begin = 0;
  for (const ir::Tensor& part : parts) {
    const std::int64_t block = part.dim(axis) * view.inner;
    ElementCopier copier(part, all);
    for (std::int64_t outer = 0; outer < view.outer; ++outer) {
      for (std::int64_t i = 0; i < block; ++i)
        copier.copy(outer * block + i, outer * view.extent * view.inner + begin + i);
    }
    begin += block;
  }
  return all;
}

}  // namespace lathe::ops

#include "ops/slice_stack.h"

#include <algorithm>

#include "ops/join_tensors.h"
#include "ops/shape_math.h"

namespace lathe::ops {

Status SliceStack::add(const ir::Datum& value) {
  const ir::Tensor* slice = value.tensor();
  if (slice == nullptr || !slice->defined()) {
    return invalid_data("scan output {} is {}, expected a tensor", number_,
                        value.type().to_string());
  }
  if (!slices_.empty() && slice->type() != slices_.front().type()) {
    return invalid_data("scan output {} is {}, but was {} before", number_,
                        slice->type().to_string(), slices_.front().type().to_string());
  }
  slices_.push_back(*slice);
  return {};
}

Result<ir::Tensor> SliceStack::stack(std::int64_t axis, bool reversed) const {
  Dims dims;
  if (!slices_.empty()) {
    dims = slices_.front().dims();
  } else {
    // Nobody knows the extents that inference could not tell.
    for (const ir::Dim& dim : type_.shape.value_or(ir::Shape{}))
      dims.push_back(dim.known() ? dim.value() : 0);
  }
  auto at = normalize_axis(axis, dims.size() + 1);
  if (!at.ok()) return at.error().with_context(fmt::format("scan output {}", number_));
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(*at), slices_.empty() ? 0 : 1);
  if (slices_.empty()) return ir::Tensor::create(type_.data_type, dims);
  std::vector<ir::Tensor> parts;
  for (const ir::Tensor& slice : slices_) parts.push_back(slice.reshaped(dims));
  if (reversed) std::reverse(parts.begin(), parts.end());
  return join_tensors(parts, *at);
}

}  // namespace lathe::ops

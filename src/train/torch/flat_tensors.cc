#include "train/torch/flat_tensors.h"

#include <ATen/ops/zeros.h>

namespace lathe::train {
namespace {

constexpr std::int64_t kAlignment = 64 / sizeof(float);

std::int64_t count_of(const std::vector<std::int64_t>& dims) {
  std::int64_t count = 1;
  for (const std::int64_t extent : dims) count *= extent;
  return count;
}

std::vector<std::int64_t> strides_of(const std::vector<std::int64_t>& dims, bool channels_last) {
  if (channels_last && dims.size() == 4) {
    return {dims[1] * dims[2] * dims[3], 1, dims[3] * dims[1], dims[1]};
  }
  std::vector<std::int64_t> strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

}  // namespace

FlatTensors::FlatTensors(const std::vector<std::vector<std::int64_t>>& dims, at::Device device,
                         bool channels_last) {
  std::int64_t end = 0;
  for (const auto& extents : dims) {
    offsets_.push_back(end);
    end += (count_of(extents) + kAlignment - 1) / kAlignment * kAlignment;
  }
  offsets_.push_back(end);
  flat_ = at::zeros({end}, at::TensorOptions(at::kFloat).device(device));
  for (std::size_t i = 0; i < dims.size(); ++i) {
    views_.push_back(
        flat_.as_strided(dims[i], strides_of(dims[i], channels_last), offsets_[i]).detach());
  }
}

}  // namespace lathe::train

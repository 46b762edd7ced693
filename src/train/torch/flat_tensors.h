// All tensors of one kind in one buffer: an optimizer's step is then a few operations on the whole,
// and saving or restoring is one copy.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

namespace lathe::train {

// float32 views into a flat buffer, each aligned to 64 bytes.
class FlatTensors {
 public:
  // Extents of each; those of rank 4 are laid out channels-last on request.
  FlatTensors(const std::vector<std::vector<std::int64_t>>& dims, at::Device device,
              bool channels_last);

  [[nodiscard]] const at::Tensor& flat() const { return flat_; }
  [[nodiscard]] const std::vector<at::Tensor>& views() const { return views_; }
  // Where view i begins in the buffer.
  [[nodiscard]] std::int64_t offset(std::size_t i) const { return offsets_[i]; }

 private:
  at::Tensor flat_;
  std::vector<at::Tensor> views_;
  std::vector<std::int64_t> offsets_;  // one more than views: the buffer's end
};

}  // namespace lathe::train

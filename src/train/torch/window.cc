#include "train/torch/window.h"

#include <ATen/ops/constant_pad_nd.h>

namespace lathe::train {

Result<ops::Window> window_of(const ir::Node& node, const at::Tensor& x, const ops::Dims& kernel) {
  ir::Shape spatial;
  for (const std::int64_t extent : x.sizes().slice(2)) spatial.emplace_back(extent);
  return ops::resolve_window(node, kernel, spatial);
}

bool has_equal_pads(const ops::Window& window) { return window.pads_begin == window.pads_end; }

at::Tensor pad_spatial(const at::Tensor& x, const ops::Dims& begin, const ops::Dims& end,
                       double value) {
  ops::Dims pads;  // pairs, the last axis first
  for (std::size_t i = begin.size(); i-- > 0;) {
    pads.push_back(begin[i]);
    pads.push_back(end[i]);
  }
  return at::constant_pad_nd(x, pads, value);
}

}  // namespace lathe::train

#include "kernels/pooling_shape.h"

#include <algorithm>

namespace lathe::kernels {

PoolingShape PoolingShape::global(std::int64_t batch, std::int64_t in_h, std::int64_t in_w,
                                  std::int64_t channels) {
  return {.batch = batch,
          .in_h = in_h,
          .in_w = in_w,
          .channels = channels,
          .kernel_h = in_h,
          .kernel_w = in_w};
}

bool PoolingShape::valid() const {
  return std::min({batch, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h,
                   stride_w, dilation_h, dilation_w}) > 0 &&
         std::min({pad_top, pad_left, pad_bottom, pad_right}) >= 0;
}

}  // namespace lathe::kernels

#include "kernels/convolution_shape.h"

#include <algorithm>

namespace lathe::kernels {

bool ConvolutionShape::valid() const {
  const std::int64_t smallest =
      std::min({batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w, stride_h,
                stride_w, dilation_h, dilation_w, groups});
  return smallest > 0 && pad_top >= 0 && pad_left >= 0 && in_c % groups == 0 && out_c % groups == 0;
}

std::int64_t ConvolutionShape::macs() const { return out_pixels() * out_c * taps() * group_in_c(); }

bool ConvolutionShape::is_pointwise() const {
  return taps() == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 && pad_left == 0 &&
         in_h == out_h && in_w == out_w;
}

}  // namespace lathe::kernels

#include "kernels/igemm/indirection.h"

#include <algorithm>

namespace lathe::kernels {
namespace {

// Output columns [begin, end) whose input column x * stride + offset lies inside [0, in_w).
struct Columns {
  std::int64_t begin;
  std::int64_t end;
};

Columns inside(std::int64_t offset, std::int64_t stride, std::int64_t in_w, std::int64_t out_w) {
  const std::int64_t begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const std::int64_t end = offset >= in_w ? 0 : (in_w - offset + stride - 1) / stride;
  const std::int64_t clipped = std::clamp<std::int64_t>(end, 0, out_w);
  return {std::min(begin, clipped), clipped};
}

void fill_tap(const ConvolutionShape& shape, const std::byte* in, const std::byte* padding,
              std::int64_t first, std::int64_t count, std::int64_t tap_y, std::int64_t tap_x,
              const std::byte** rows) {
  const std::int64_t offset_x = tap_x - shape.pad_left;
  const Columns columns = inside(offset_x, shape.stride_w, shape.in_w, shape.out_w);
  std::int64_t x = first % shape.out_w;
  std::int64_t y = first / shape.out_w % shape.out_h;
  std::int64_t image = first / shape.out_w / shape.out_h;
  while (count > 0) {
    const std::int64_t end = std::min(shape.out_w, x + count);
    count -= end - x;
    const std::int64_t in_y = y * shape.stride_h - shape.pad_top + tap_y;
    if (in_y < 0 || in_y >= shape.in_h) {
      rows = std::fill_n(rows, end - x, padding);
    } else {
      const std::byte* row = in + (image * shape.in_h + in_y) * shape.in_w * shape.in_c;
      for (; x < std::min(end, columns.begin); ++x) *rows++ = padding;
      for (; x < std::min(end, columns.end); ++x) {
        *rows++ = row + (x * shape.stride_w + offset_x) * shape.in_c;
      }
      for (; x < end; ++x) *rows++ = padding;
    }
    x = 0;
    if (++y == shape.out_h) {
      y = 0;
      ++image;
    }
  }
}

}  // namespace

void fill_indirection(const ConvolutionShape& shape, const std::byte* in, const std::byte* padding,
                      std::int64_t first, std::int64_t count, std::int64_t pitch,
                      const std::byte** rows) {
  for (std::int64_t ky = 0; ky < shape.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < shape.kernel_w; ++kx) {
      fill_tap(shape, in, padding, first, count, ky * shape.dilation_h, kx * shape.dilation_w,
               rows);
      rows += pitch;
    }
  }
}

}  // namespace lathe::kernels

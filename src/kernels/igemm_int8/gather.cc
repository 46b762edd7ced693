#include "kernels/igemm_int8/gather.h"

#include <cstring>

namespace lathe::kernels {
namespace {

// Walks output pixels in order and says where in the input each one's window begins.
class Windows {
 public:
  Windows(const ConvolutionShape& shape, std::int64_t first) : shape_(shape) {
    x_ = first % shape.out_w;
    y_ = first / shape.out_w % shape.out_h;
    image_ = first / shape.out_w / shape.out_h;
  }
  void next() {
    if (++x_ < shape_.out_w) return;
    x_ = 0;
    if (++y_ < shape_.out_h) return;
    y_ = 0;
    ++image_;
  }
  [[nodiscard]] std::int64_t image() const { return image_; }
  [[nodiscard]] std::int64_t top() const { return y_ * shape_.stride_h - shape_.pad_top; }
  [[nodiscard]] std::int64_t left() const { return x_ * shape_.stride_w - shape_.pad_left; }

 private:
  const ConvolutionShape& shape_;
  std::int64_t x_, y_, image_;
};

// Copies bytes in steps of 16 with their highest bits flipped where `flip` is 0x80. Steps may read
// and write up to 15 bytes more; the caller owns what they overwrite. `end` ends the readable
// input: near it, bytes go one by one.
inline void copy_flipped(std::uint8_t* out, const std::uint8_t* in, std::int64_t bytes,
                         const std::uint8_t* end, std::uint8_t flip) {
  if (end - in < bytes + 15) {
    for (std::int64_t i = 0; i < bytes; ++i) out[i] = in[i] ^ flip;
    return;
  }
  const std::uint64_t mask = flip * 0x0101010101010101ULL;
  for (std::int64_t i = 0; i < bytes; i += 16) {
    std::uint64_t words[2];
    std::memcpy(words, in + i, sizeof words);
    words[0] ^= mask;
    words[1] ^= mask;
    std::memcpy(out + i, words, sizeof words);
  }
}

}  // namespace

InputGather::InputGather(const ConvolutionShape& shape, QuantizedActivation input)
    : shape_(shape),
      input_(input),
      padding_(static_cast<std::size_t>(shape.group_in_c()),
               static_cast<std::uint8_t>(input.zero_point)) {}

void InputGather::point(const std::uint8_t* in, std::int64_t group, std::int64_t first,
                        std::int64_t count, const std::uint8_t** rows) const {
  const ConvolutionShape& s = shape_;
  const std::int64_t group_offset = group * s.group_in_c();
  const std::int64_t row_bytes = s.in_w * s.in_c;
  if (s.is_pointwise()) {
    for (std::int64_t i = 0; i < count; ++i) rows[i] = in + (first + i) * s.in_c + group_offset;
    return;
  }
  Windows windows(s, first);
  for (std::int64_t i = 0; i < count; ++i, windows.next()) {
    const std::uint8_t* image = in + windows.image() * s.in_h * row_bytes + group_offset;
    const std::uint8_t** row = rows + i;
    const std::int64_t left = windows.left();
    for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
      const std::int64_t y = windows.top() + ky * s.dilation_h;
      const bool inside = y >= 0 && y < s.in_h;
      const std::uint8_t* line = image + y * row_bytes;
      for (std::int64_t kx = 0; kx < s.kernel_w; ++kx, row += count) {
        const std::int64_t x = left + kx * s.dilation_w;
        *row = inside && x >= 0 && x < s.in_w ? line + x * s.in_c : padding_.data();
      }
    }
  }
}

void InputGather::copy(const std::uint8_t* in, std::int64_t group, std::int64_t first,
                       std::int64_t count, std::int64_t stride, std::uint8_t* out) const {
  const ConvolutionShape& s = shape_;
  const std::int64_t channels = s.group_in_c();
  const std::int64_t run = s.kernel_w * channels;  // bytes of one line of taps
  const std::uint8_t* const end = in + s.batch * s.in_h * s.in_w * s.in_c;
  const std::uint8_t flip = input_.flip();
  const auto zero = static_cast<std::uint8_t>(input_.unsigned_zero_point());
  const bool contiguous = s.groups == 1 && (s.dilation_w == 1 || s.kernel_w == 1);

  // In order of addresses, so that what a copy writes too much is overwritten by the next.
  Windows windows(s, first);
  for (std::int64_t i = 0; i < count; ++i, windows.next()) {
    std::uint8_t* to = out + i * stride;
    const std::uint8_t* image = in + windows.image() * s.in_h * s.in_w * s.in_c + group * channels;
    const std::int64_t left = windows.left();
    const bool whole = contiguous && left >= 0 && left + s.kernel_w <= s.in_w;
    for (std::int64_t ky = 0; ky < s.kernel_h; ++ky, to += run) {
      const std::int64_t y = windows.top() + ky * s.dilation_h;
      if (y < 0 || y >= s.in_h) {
        std::memset(to, zero, static_cast<std::size_t>(run));
        continue;
      }
      const std::uint8_t* line = image + y * s.in_w * s.in_c;
      if (whole) {
        copy_flipped(to, line + left * s.in_c, run, end, flip);
        continue;
      }
      for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
        const std::int64_t x = left + kx * s.dilation_w;
        if (x < 0 || x >= s.in_w) {
          std::memset(to + kx * channels, zero, static_cast<std::size_t>(channels));
        } else {
          copy_flipped(to + kx * channels, line + x * s.in_c, channels, end, flip);
        }
      }
    }
  }
}

}  // namespace lathe::kernels

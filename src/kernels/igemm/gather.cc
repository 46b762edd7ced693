#include "kernels/igemm/gather.h"

#include <algorithm>
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
  // Goes on by `count` pixels of the same line, or to its end.
  void advance(std::int64_t count) {
    x_ += count - 1;
    next();
  }
  [[nodiscard]] std::int64_t left_in_line() const { return shape_.out_w - x_; }
  [[nodiscard]] std::int64_t image() const { return image_; }
  [[nodiscard]] std::int64_t top() const { return y_ * shape_.stride_h - shape_.pad_top; }
  [[nodiscard]] std::int64_t left() const { return x_ * shape_.stride_w - shape_.pad_left; }

 private:
  const ConvolutionShape& shape_;
  std::int64_t x_;
  std::int64_t y_;
  std::int64_t image_;
};

// Steps of 16 bytes may write, and those of copies read, up to 15 bytes more than asked for.

inline void fill(std::uint8_t* out, std::int64_t bytes, std::uint8_t value) {
  const std::uint64_t words[2] = {value * 0x0101010101010101ULL, value * 0x0101010101010101ULL};
  for (std::int64_t i = 0; i < bytes; i += 16) std::memcpy(out + i, words, sizeof words);
}

// XORs every byte with `flip`. `end` ends the readable input: near it, bytes go one by one.
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

// The part of a window's taps along one axis that lies inside of [0, size).
struct Inside {
  Inside(std::int64_t start, std::int64_t taps, std::int64_t dilation, std::int64_t size) {
    if (start >= 0 && start + (taps - 1) * dilation < size) {
      begin = 0;
      end = taps;
      return;
    }
    begin = start < 0 ? std::min(taps, (-start + dilation - 1) / dilation) : 0;
    end = start < size ? std::min(taps, (size - 1 - start) / dilation + 1) : 0;
    end = std::max(begin, end);
  }
  std::int64_t begin;
  std::int64_t end;
};

// Windows of adjacent output pixels that have the same lines of taps inside of the image.
struct Strip {
  std::uint8_t* out;
  std::int64_t stride;      // bytes from a window to the next in `out`
  std::int64_t before;      // bytes of padding above the image
  std::int64_t lines;       // lines of taps inside of it
  std::int64_t run;         // bytes of a line of taps
  std::int64_t after;       // bytes of padding below it
  const std::uint8_t* in;   // the first tap inside
  std::int64_t line_step;   // bytes from a line of taps to the next in `in`
  std::int64_t pixel_step;  // bytes from a window to the next in `in`
  std::int64_t pixels;
  std::uint8_t zero;
  std::uint8_t flip;

  // Lines of taps that are whole and contiguous.
  void copy() const {
    if (run > 16) {
      copy_lines<0, false>();
    } else if (lines == 3 && before == 0 && after == 0) {
      copy_lines<3, true>();
    } else {
      copy_lines<0, true>();
    }
  }

  // Windows of kLines lines without padding above and below, or of any lines if 0; each line in one
  // step of 16 bytes if kOneStep.
  template <int kLines, bool kOneStep>
  void copy_lines() const {
    const std::uint64_t mask = flip * 0x0101010101010101ULL;
    for (std::int64_t i = 0; i < pixels; ++i) {
      std::uint8_t* to = out + i * stride;
      const std::uint8_t* from = in + i * pixel_step;
      if constexpr (kLines == 0) {
        fill(to, before, zero);
        to += before;
      }
      const std::int64_t count = kLines == 0 ? lines : kLines;
#pragma GCC unroll 3
      for (std::int64_t line = 0; line < count; ++line, to += run, from += line_step) {
        for (std::int64_t j = 0; j < (kOneStep ? 1 : run); j += 16) {
          std::uint64_t words[2];
          std::memcpy(words, from + j, sizeof words);
          words[0] ^= mask;
          words[1] ^= mask;
          std::memcpy(to + j, words, sizeof words);
        }
      }
      if constexpr (kLines == 0) fill(to, after, zero);
    }
  }

  // One such window near the end of the input.
  void copy_last(const std::uint8_t* end) const {
    fill(out, before, zero);
    std::uint8_t* to = out + before;
    for (std::int64_t line = 0; line < lines; ++line, to += run) {
      copy_flipped(to, in + line * line_step, run, end, flip);
    }
    fill(to, after, zero);
  }

  // One window whose taps `xs` of each line lie inside, `tap_step` bytes apart.
  void copy_part(const Inside& xs, std::int64_t channels, bool adjacent, std::int64_t tap_step,
                 const std::uint8_t* end) const {
    fill(out, before, zero);
    std::uint8_t* to = out + before;
    const std::int64_t taps = xs.end - xs.begin;
    for (std::int64_t line = 0; line < lines; ++line) {
      const std::uint8_t* from = in + line * line_step;
      fill(to, xs.begin * channels, zero);
      std::uint8_t* at = to + xs.begin * channels;
      if (adjacent) {
        copy_flipped(at, from, taps * channels, end, flip);
      } else {
        for (std::int64_t j = 0; j < taps; ++j) {
          copy_flipped(at + j * channels, from + j * tap_step, channels, end, flip);
        }
      }
      fill(at + taps * channels, run - xs.end * channels, zero);
      to += run;
    }
    fill(to, after, zero);
  }
};

}  // namespace

void InputGather::copy(const std::byte* input, std::int64_t group, std::int64_t first,
                       std::int64_t count, std::int64_t stride, std::byte* output) const {
  const ConvolutionShape& s = shape_;
  const auto* const in = reinterpret_cast<const std::uint8_t*>(input);
  auto* out = reinterpret_cast<std::uint8_t*>(output);
  const std::int64_t channels = s.group_in_c();
  const std::uint8_t* const end = in + s.batch * s.in_h * s.in_w * s.in_c;
  if (s.is_pointwise() && s.groups == 1 && stride == channels) {
    copy_flipped(out, in + first * channels, count * channels, end, form_.flip);
    return;
  }
  // Adjacent taps of a line are adjacent in memory.
  const bool adjacent = s.groups == 1 && (s.dilation_w == 1 || s.kernel_w == 1);
  const std::int64_t run = s.kernel_w * channels;  // bytes of one line of taps
  const std::int64_t row_bytes = s.in_w * s.in_c;

  // In order of addresses, so that what a copy writes too much is overwritten by the next.
  Windows windows(s, first);
  while (count > 0) {
    const std::uint8_t* image = in + windows.image() * s.in_h * row_bytes + group * channels;
    const Inside ys(windows.top(), s.kernel_h, s.dilation_h, s.in_h);
    const Inside xs(windows.left(), s.kernel_w, s.dilation_w, s.in_w);
    Strip strip{};
    strip.out = out;
    strip.stride = stride;
    strip.before = ys.begin * run;
    strip.lines = ys.end - ys.begin;
    strip.run = run;
    strip.after = (s.kernel_h - ys.end) * run;
    strip.line_step = s.dilation_h * row_bytes;
    strip.pixel_step = s.stride_w * s.in_c;
    strip.zero = form_.zero;
    strip.flip = form_.flip;
    const std::int64_t y = windows.top() + ys.begin * s.dilation_h;
    std::int64_t pixels = 1;
    if (strip.lines == 0 || xs.begin == xs.end) {
      fill(out, s.kernel_h * run, strip.zero);
    } else if (adjacent && xs.end - xs.begin == s.kernel_w) {
      // As many windows as lie within the line and are not so near the end of the input that steps
      // of 16 bytes would read beyond it.
      strip.in = image + y * row_bytes + windows.left() * s.in_c;
      const std::int64_t fitting = (s.in_w - s.kernel_w - windows.left()) / s.stride_w + 1;
      const std::int64_t last_read = (strip.lines - 1) * strip.line_step + run + 15;
      const std::int64_t spare = end - strip.in - last_read;
      if (spare < 0) {
        strip.copy_last(end);
      } else {
        pixels = std::min({count, windows.left_in_line(), fitting, spare / strip.pixel_step + 1});
        strip.pixels = pixels;
        strip.copy();
      }
    } else {
      strip.in = image + y * row_bytes + (windows.left() + xs.begin * s.dilation_w) * s.in_c;
      strip.copy_part(xs, channels, adjacent, s.dilation_w * s.in_c, end);
    }
    out += pixels * stride;
    count -= pixels;
    windows.advance(pixels);
  }
}

}  // namespace lathe::kernels

// Finds or copies the inputs of output pixels of a convolution.
#pragma once

#include <cstdint>

#include "kernels/convolution_shape.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

// Output pixels are numbered through all images. `in` is the whole input of the layer, in its
// stored form. Immutable, and made anew for each call of a kernel.
class InputGather {
 public:
  // Bytes that copy() may write after the last row.
  static constexpr std::size_t kSlack = 16;
  // Pixels that point() takes at most.
  static constexpr std::int64_t kMaxPixels = 16;

  // `shape` must outlive it.
  InputGather(const ConvolutionShape& shape, QuantizedActivation input)
      : shape_(shape), input_(input) {}

  [[nodiscard]] std::int64_t taps() const { return shape_.taps(); }

  // rows[tap * count + i] = the channels of `group` that tap `tap` of pixel first + i reads, or as
  // many zero points, which are at `padding`, where that is padding.
  void point(const std::uint8_t* in, const std::uint8_t* padding, std::int64_t group,
             std::int64_t first, std::int64_t count, const std::uint8_t** rows) const;

  // out[i * stride + tap * channels + c] = the unsigned form of input channel c of `group` that tap
  // `tap` of pixel first + i reads. What lies between the rows comes out arbitrary.
  void copy(const std::uint8_t* in, std::int64_t group, std::int64_t first, std::int64_t count,
            std::int64_t stride, std::uint8_t* out) const;

 private:
  const ConvolutionShape& shape_;
  QuantizedActivation input_;
};

}  // namespace lathe::kernels

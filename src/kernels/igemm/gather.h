// Copies the inputs of output pixels of a convolution.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/convolution_shape.h"

namespace lathe::kernels {

// How inputs are stored.
struct InputForm {
  std::uint8_t flip = 0;  // XOR with it makes a stored byte the kernel's
  std::uint8_t zero = 0;  // the bytes that padding consists of, as the kernel reads them
};

// Output pixels are numbered through all images. `input` is the whole input of the layer, in its
// stored form. Immutable, and made anew for each call of a kernel.
class InputGather {
 public:
  // Bytes that copy() may write after the last row.
  static constexpr std::size_t kSlack = 16;

  // The channels of `shape`, which must outlive it, are bytes.
  InputGather(const ConvolutionShape& shape, InputForm form) : shape_(shape), form_(form) {}

  // output[i * stride + tap * channels + c] = the kernel's form of input byte c of `group` that tap
  // `tap` of pixel first + i reads. What lies between the rows comes out arbitrary.
  void copy(const std::byte* input, std::int64_t group, std::int64_t first, std::int64_t count,
            std::int64_t stride, std::byte* output) const;

 private:
  const ConvolutionShape& shape_;
  InputForm form_;
};

}  // namespace lathe::kernels

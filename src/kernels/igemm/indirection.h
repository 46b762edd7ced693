// The pointers by which convolution kernels find their input: one for each output pixel and kernel
// tap, to the channels of the input pixel there or to a row of padding. The kernels themselves then
// know nothing of strides, dilations and borders (Dukhan 2019, "The Indirect Convolution
// Algorithm").
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/convolution_shape.h"

namespace lathe::kernels {

// Fills rows[tap * pitch + i] for the output pixels first + i, i < count <= pitch, of all images of
// the batch in order. `padding` points to what stands for a pixel of padding. The channels of
// `shape` are bytes.
void fill_indirection(const ConvolutionShape& shape, const std::byte* in, const std::byte* padding,
                      std::int64_t first, std::int64_t count, std::int64_t pitch,
                      const std::byte** rows);

}  // namespace lathe::kernels

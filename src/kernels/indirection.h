// The pointers by which convolution kernels find their input: one for each output pixel and kernel
// tap, to the channels of the input pixel there or to a row of zeros where padding lies. The
// kernels themselves then know nothing of strides, dilations and borders (Dukhan 2019, "The
// Indirect Convolution Algorithm").
#pragma once

#include <cstdint>

#include "kernels/convolution_shape.h"

namespace lathe::kernels {

// Fills rows[tap * pitch + i] for the output pixels first + i, i < count <= pitch, of all images of
// the batch in order. `zero` points to in_c zeros.
void fill_indirection(const ConvolutionShape& shape, const float* in, const float* zero,
                      std::int64_t first, std::int64_t count, std::int64_t pitch,
                      const float** rows);

}  // namespace lathe::kernels

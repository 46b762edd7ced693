// What the loops of an interpolation are called with. Plain, so that files compiled for one
// instruction set can include it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/vector/targets.h"

namespace lathe::kernels {

// Of each of `pixels` pixels p, for i < count:
//
//   out[p * count + i] = sum over t < taps of weights[p * taps + t]
//                                             * in[at[p * taps + t] * count + i]
//
// summed in the order of the taps. A line of an image is a pixel of many channels.
struct InterpolatePixelsArgs {
  const float* in;
  const std::int64_t* at;
  const float* weights;
  std::size_t taps;
  std::size_t count;
  std::size_t pixels;
  float* out;
};

// The same of elements: out[i] = sum over t of weights[t * pitch + i] * in[at[t * pitch + i]], for
// i < count. The tables are read in whole vectors: up to the pitch, a multiple of 16.
struct InterpolateElementsArgs {
  const float* in;
  const std::int32_t* at;
  const float* weights;
  std::size_t pitch;
  std::size_t taps;
  std::size_t count;
  float* out;
};

namespace scalar {
void interpolate_pixels(const InterpolatePixelsArgs& args);
void interpolate_elements(const InterpolateElementsArgs& args);
}  // namespace scalar
#define LATHE_DECLARE(target)                                     \
  namespace target {                                              \
  void interpolate_pixels(const InterpolatePixelsArgs& args);     \
  void interpolate_elements(const InterpolateElementsArgs& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels

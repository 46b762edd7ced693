// What an indirect matrix multiplication kernel works on. Plain, so that files compiled for one
// instruction set can include it.
#pragma once

#include <cstddef>

#include "kernels/vector/targets.h"

namespace lathe::kernels {

// One tile of the output, row_count pixels by column_count channels:
//
//   out[i][j] = clamp(bias[j] + sum over taps t and depth k of
//                     rows[t * row_pitch + i][offset + k] * weights[t][k][j]  + residual[i][j])
//
// summed in an order that depends on row_count, taps and depth alone.
struct IgemmF32Args {
  const float* const* rows;  // by tap and pixel: where the input channels begin
  std::size_t row_pitch;     // pointers from one tap to the next
  std::size_t offset;        // floats added to every pointer: the first channel of the group
  std::size_t taps;
  std::size_t depth;
  const float* panel;     // nr biases, then [taps][depth][nr] weights; aligned to 64 bytes
  const float* residual;  // null, or laid out as out
  float* out;
  std::size_t out_stride;  // floats from one output pixel to the next
  int row_count;           // 1 to mr
  int column_count;        // 1 to nr
  float min;
  float max;
};

void igemm_f32_4x8_scalar(const IgemmF32Args& args);
#define LATHE_DECLARE(target)                      \
  namespace target {                               \
  void igemm_f32_wide(const IgemmF32Args& args);   \
  void igemm_f32_narrow(const IgemmF32Args& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels

// A tile of an indirect matrix multiplication, as its kernels are called: plain data, so that files
// compiled for one instruction set may include it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/requantize_args.h"
#include "kernels/vector/targets.h"

namespace lathe::kernels {

// row_count pixels of the output by column_count channels:
//
//   sum[i][j] = bias[j] + sum over taps t and depth k of
//                         (rows[t * row_pitch + i] + offset)[k] * weights[t * depth + k][j]
//   out[i][j] = clamp(sum[i][j] + residual[i][j])            of sums in float32
//   out[i][j] = requantize(sum[i][j] + row_offsets[i])       of sums in int32, modulo 2^32
//
// Sums of float32 are taken in an order that depends on taps and depth alone, and where the whole
// product has few rows on row_count.
struct TileArgs {
  const std::byte* const* rows;  // by tap and pixel: where the inputs begin
  std::size_t row_pitch;         // pointers from one tap to the next
  std::size_t row_stride;        // bytes between rows, for kernels that read them by that
  std::size_t offset;            // bytes added to every pointer: the first channel of the group
  std::size_t taps;
  std::size_t depth;       // inputs of a tap, a multiple of the kernel's depth_unit
  const std::byte* panel;  // as kernels/igemm/panel.h says; aligned to a vector
  bool half;               // the panel is a half panel
  int row_count;           // 1 to mr, or any number: see TileKernel::begin
  bool few_rows;           // the whole product has fewer than mr
  int column_count;        // 1 to the panel's width
  std::byte* out;
  std::size_t out_stride;  // bytes from one output pixel to the next

  // Write float32: the sums of bfloat16, without a residual; float32(sum) * multiplier of those in
  // int32, instead of requantized bytes.
  bool float_output;

  // Of sums in float32.
  const std::byte* residual;  // null, or laid out as out
  float min;
  float max;

  // Of sums in int32.
  const std::int32_t* row_offsets;  // null: 0
  RequantizeArgs requantize;
};

void igemm_f32_4x8_scalar(const TileArgs& args);
void igemm_bf16_4x8_scalar(const TileArgs& args);
void igemm_s8_4x8_scalar(const TileArgs& args);
// Those with _dot need the instructions that the tables in kernels.h name.
#define LATHE_DECLARE(target)              \
  namespace target {                       \
  void igemm_f32(const TileArgs& args);    \
  void igemm_bf16(const TileArgs& args);   \
  void igemm_s8(const TileArgs& args);     \
  void igemm_s8_dot(const TileArgs& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE
#if defined(__x86_64__)
namespace N_AVX3 {
void igemm_bf16_dot(const TileArgs& args);
}
#endif

}  // namespace lathe::kernels

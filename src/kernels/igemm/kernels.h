// The indirect matrix multiplication kernels as tables: what each multiplies, and what the driver
// must know of it.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "kernels/igemm/amx.h"
#include "kernels/igemm/tile.h"

namespace lathe::kernels {

// What is multiplied and summed: float32, or bfloat16, to float32; bytes, of which the weights are
// signed, to int32.
enum class Dot { kF32, kBF16, kInt8 };

// Inputs that one lane of a multiply-add takes, whose weights lie together.
constexpr std::int64_t dot_inputs(Dot dot) {
  return dot == Dot::kF32 ? 1 : dot == Dot::kBF16 ? 2 : 4;
}
// Of an input and of a weight.
constexpr std::int64_t element_bytes(Dot dot) { return 4 / dot_inputs(dot); }

struct TileKernel {
  Isa isa;
  const char* name;
  void (*function)(const TileArgs&);
  Dot dot;
  std::int64_t mr;  // output pixels of a tile, at most
  std::int64_t nr;  // output channels of a full panel; a half panel has half of them
  // Channels in one vector register where full panels pair two of them lane by lane, so that
  // packing to bytes brings the channels back in order; 0 where channels are in order.
  std::int64_t paired_lanes = 0;
  // Rows of weights are padded with zeros to a multiple of so many inputs.
  std::int64_t depth_unit = dot_inputs(dot);
  std::int32_t subtracts = 0;  // from each input of 8 bits, which becomes signed
  // Kernels of AMX: what a thread calls before its first tile and after its last one. They have
  // one tap, take any number of rows, and read whole tiles of mr at args.row_stride from the first,
  // with depth_unit inputs at a time, whether or not there are as many.
  void (*begin)() = nullptr;
  void (*end)() = nullptr;

  [[nodiscard]] bool strided() const { return begin != nullptr; }
  [[nodiscard]] std::int64_t width(bool half) const { return half ? nr / 2 : nr; }
};

// The best instruction set first, the scalar kernel last.
inline constexpr TileKernel kIgemmF32Kernels[] = {
#if defined(__x86_64__)
    {Isa::kAvx512, "igemm_f32_12x32_avx512", N_AVX3::igemm_f32, Dot::kF32, 12, 32},
    {Isa::kAvx2, "igemm_f32_6x16_avx2", N_AVX2::igemm_f32, Dot::kF32, 6, 16},
#elif defined(__aarch64__)
    {Isa::kNeon, "igemm_f32_6x16_neon", N_NEON::igemm_f32, Dot::kF32, 6, 16},
#endif
    {Isa::kScalar, "igemm_f32_4x8_scalar", igemm_f32_4x8_scalar, Dot::kF32, 4, 8},
};

inline constexpr TileKernel kIgemmBF16Kernels[] = {
#if defined(__x86_64__)
    {Isa::kAmx, "igemm_bf16_32x32_amx", igemm_bf16_32x32_amx, Dot::kBF16, 32, 32, 0, 32, 0,
     configure_tiles_amx, release_tiles_amx},
    {Isa::kAvx512Bf16, "igemm_bf16_12x32_avx512bf16", N_AVX3::igemm_bf16_dot, Dot::kBF16, 12, 32},
    {Isa::kAvx512, "igemm_bf16_12x32_avx512", N_AVX3::igemm_bf16, Dot::kBF16, 12, 32},
    {Isa::kAvx2, "igemm_bf16_6x16_avx2", N_AVX2::igemm_bf16, Dot::kBF16, 6, 16},
#elif defined(__aarch64__)
    {Isa::kNeon, "igemm_bf16_6x16_neon", N_NEON::igemm_bf16, Dot::kBF16, 6, 16},
#endif
    {Isa::kScalar, "igemm_bf16_4x8_scalar", igemm_bf16_4x8_scalar, Dot::kBF16, 4, 8},
};

inline constexpr TileKernel kIgemmInt8Kernels[] = {
#if defined(__x86_64__)
    {Isa::kAmx, "igemm_s8_32x32_amx", igemm_s8_32x32_amx, Dot::kInt8, 32, 32, 16, 64, 0,
     configure_tiles_amx, release_tiles_amx},
    {Isa::kAvx512Vnni, "igemm_s8_12x32_avx512vnni", N_AVX3::igemm_s8_dot, Dot::kInt8, 12, 32, 16},
    {Isa::kAvx512, "igemm_s8_8x32_avx512", N_AVX3::igemm_s8, Dot::kInt8, 8, 32, 16},
    {Isa::kAvxVnni, "igemm_s8_6x16_avxvnni", N_AVX2::igemm_s8_dot, Dot::kInt8, 6, 16, 8},
    {Isa::kAvx2, "igemm_s8_4x16_avx2", N_AVX2::igemm_s8, Dot::kInt8, 4, 16, 8},
#elif defined(__aarch64__)
    {.isa = Isa::kNeonDot,
     .name = "igemm_s8_6x16_neondot",
     .function = N_NEON::igemm_s8_dot,
     .dot = Dot::kInt8,
     .mr = 6,
     .nr = 16,
     .subtracts = 128},
    {.isa = Isa::kNeon,
     .name = "igemm_s8_4x16_neon",
     .function = N_NEON::igemm_s8,
     .dot = Dot::kInt8,
     .mr = 4,
     .nr = 16,
     .subtracts = 128},
#endif
    {Isa::kScalar, "igemm_s8_4x8_scalar", igemm_s8_4x8_scalar, Dot::kInt8, 4, 8},
};

}  // namespace lathe::kernels

// Loops that do nothing but compute, or read. Plain, so that files compiled for one instruction set
// can include it. Every result is to be used, so that the compiler keeps the loop.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/vector/targets.h"

namespace lathe::kernels {

// fma_loop(): each turn does operations / 2 multiply-adds x = x * factor + addend on registers,
// which start from different numbers lest the compiler find that they are all the same.
// int8_loop(): each turn does operations / 2 multiply-adds of 8-bit numbers into 32-bit sums in
// registers. bf16_loop(): of bfloat16 numbers into float32 sums.
// read_loop(): reads every byte once, in order. `data` is aligned to 64 bytes and `bytes` a
// multiple of 512.
float fma_loop_scalar(std::size_t turns, float factor, float addend);
std::int32_t int8_loop_scalar(std::size_t turns, std::int8_t factor);
std::int32_t int8_loop_avx512vnni(std::size_t turns, std::int8_t factor);
float bf16_loop_avx512bf16(std::size_t turns, std::uint16_t factor);
std::uint64_t read_loop_scalar(const void* data, std::size_t bytes);
#define LATHE_DECLARE(target)                                    \
  namespace target {                                             \
  float fma_loop(std::size_t turns, float factor, float addend); \
  std::int32_t int8_loop(std::size_t turns, std::int8_t factor); \
  std::uint64_t read_loop(const void* data, std::size_t bytes);  \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

// AMX: four products of two tiles a turn, into four tiles of sums. `tile` is 16 rows of 64 bytes of
// factors, int8 or bfloat16; one tile of sums goes to `sums`. The process must have been given
// leave to use AMX.
void amx_int8_loop(std::size_t turns, const void* tile, std::int32_t* sums);
void amx_bf16_loop(std::size_t turns, const void* tile, float* sums);
constexpr std::size_t kAmxTileBytes = 1024;
constexpr std::size_t kAmxTileSums = 256;
constexpr double kAmxInt8Operations = 2.0 * 4 * 16 * 16 * 64;
constexpr double kAmxBf16Operations = 2.0 * 4 * 16 * 16 * 32;

}  // namespace lathe::kernels

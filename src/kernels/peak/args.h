// Loops that do nothing but compute, or read. Plain, so that files compiled for one instruction set
// can include it. Every result is to be used, so that the compiler keeps the loop.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lathe::kernels {

// Each turn does operations / 2 multiply-adds x = x * factor + addend on registers, which start
// from different numbers lest the compiler find that they are all the same.
#define LATHE_PEAK_F32(isa, function, operations) \
  float function(std::size_t turns, float factor, float addend);
// Each turn does operations / 2 multiply-adds of 8-bit numbers into 32-bit sums in registers.
#define LATHE_PEAK_INT8(isa, function, operations) \
  std::int32_t function(std::size_t turns, std::int8_t factor);
// Of bfloat16 numbers into float32 sums.
#define LATHE_PEAK_BF16(isa, function, operations) \
  float function(std::size_t turns, std::uint16_t factor);
// Reads every byte once, in order. `data` is aligned to 64 bytes and `bytes` a multiple of 512.
#define LATHE_PEAK_READ(isa, function) std::uint64_t function(const void* data, std::size_t bytes);
#include "kernels/peak/kernels.inc"

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

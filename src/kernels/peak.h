// How fast this machine multiplies and adds at best: what kernels are measured against.
//
// Every function measures as many threads together, in loops that touch registers only, for about
// `seconds` in short stretches, and takes the fastest, so that what else runs on the machine
// disturbs little. A multiply-add counts as two operations.
#pragma once

#include "base/cpu.h"
#include "base/result.h"

namespace lathe::kernels {

// GFLOP/s in float32 fused multiply-adds of the best instruction set up to `isa`. Without vectors:
// a multiplication and an addition as the compiler makes them. The machine must support `isa`.
double measure_fma_peak_gflops(Isa isa, double seconds, int threads = 1);

// GOP/s in multiply-adds of 8-bit integers into 32-bit sums, likewise: the dot products of VNNI;
// the products of 8-bit numbers and then sums of 16-bit ones that AVX2, AVX-512 and NEON have; or
// what the compiler makes.
double measure_int8_peak_gops(Isa isa, double seconds, int threads = 1);

// GFLOP/s in multiply-adds of bfloat16 into float32 sums, likewise: AMX's tiles, the dot products
// of AVX512-BF16, or those of float32.
double measure_bf16_peak_gflops(Isa isa, double seconds, int threads = 1);

// Products of AMX tiles, of int8 into int32 and of bfloat16 into float32. Errors (kUnavailable) say
// why it cannot be measured: processor or operating system do not have it. The leave to use AMX
// that this asks of the operating system stays with the process.
Result<double> measure_amx_int8_peak_gops(double seconds, int threads = 1);
Result<double> measure_amx_bf16_peak_gflops(double seconds, int threads = 1);

}  // namespace lathe::kernels

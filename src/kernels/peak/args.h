// Loops of multiply-adds. Plain, so that files compiled for one instruction set can include it.
#pragma once

#include <cstddef>

namespace lathe::kernels {

// Each turn does flops / 2 multiply-adds x = x * factor + addend on registers, which start from
// different numbers lest the compiler find that they are all the same. The result is to be used, so
// that the compiler keeps the loop.
#define LATHE_PEAK_KERNEL(isa, function, flops) \
  float function(std::size_t turns, float factor, float addend);
#include "kernels/peak/kernels.inc"
#undef LATHE_PEAK_KERNEL

}  // namespace lathe::kernels

// The transposition kernels as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/transpose/args.h"

namespace lathe::kernels {

struct TransposeKernel {
  Isa isa;
  const char* name;
  void (*function)(const TransposeArgs&);
};

// The best first.
inline constexpr TransposeKernel kTransposeKernels[] = {
#if defined(__x86_64__)
    {Isa::kAvx512, "permute_avx512", N_AVX3::transpose},
    {Isa::kAvx2, "permute_avx2", N_AVX2::transpose},
#elif defined(__aarch64__)
    {Isa::kNeon, "permute_neon", N_NEON::transpose},
#endif
    {Isa::kScalar, "permute_scalar", scalar::transpose},
};

}  // namespace lathe::kernels

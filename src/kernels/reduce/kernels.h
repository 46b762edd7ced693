// The loops of args.h as a table.
#pragma once

#include "base/cpu.h"
#include "kernels/reduce/args.h"

namespace lathe::kernels {

struct ReduceKernel {
  Isa isa;
  const char* name;
  void (*function)(const ReduceArgs&);
  bool any_type = false;  // otherwise float32 alone
};

// The best first.
inline constexpr ReduceKernel kReduceKernels[] = {
#if defined(__x86_64__)
    {Isa::kAvx512, "reduce_f32_avx512", N_AVX3::reduce_f32},
    {Isa::kAvx2, "reduce_f32_avx2", N_AVX2::reduce_f32},
#elif defined(__aarch64__)
    {Isa::kNeon, "reduce_f32_neon", N_NEON::reduce_f32},
#endif
    {Isa::kScalar, "reduce_scalar", reduce_scalar, true},
};

}  // namespace lathe::kernels

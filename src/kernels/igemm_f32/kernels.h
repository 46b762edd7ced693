// The indirect matrix multiplication kernels of kernels.inc as a table.
#pragma once

#include <cstdint>
#include <span>

#include "base/cpu.h"
#include "kernels/igemm_f32/args.h"

namespace lathe::kernels {

struct IgemmF32Kernel {
  Isa isa;
  const char* name;
  void (*function)(const IgemmF32Args&);
  std::int64_t mr;
  std::int64_t nr;
};

std::span<const IgemmF32Kernel> igemm_f32_kernels();

// Of the best instruction set up to `isa`, the narrowest kernel that takes so many columns in one
// tile, else the widest. Those of one instruction set have the same mr.
const IgemmF32Kernel& pick_igemm_f32(Isa isa, std::int64_t columns);

}  // namespace lathe::kernels

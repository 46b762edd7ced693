// The pooling kernels of kernels.inc as a table.
#pragma once

#include <span>

#include "base/cpu.h"
#include "kernels/pooling_f32/args.h"

namespace lathe::kernels {

struct PoolingF32Kernel {
  Isa isa;
  const char* name;  // of the max function
  void (*max)(const PoolingF32Args&);
  void (*average)(const PoolingF32Args&);
};

std::span<const PoolingF32Kernel> pooling_f32_kernels();

}  // namespace lathe::kernels

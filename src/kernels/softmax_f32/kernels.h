// The softmax kernels of kernels.inc as a table.
#pragma once

#include <span>

#include "base/cpu.h"
#include "kernels/softmax_f32/args.h"

namespace lathe::kernels {

struct SoftmaxF32Kernel {
  Isa isa;
  const char* name;
  void (*function)(const SoftmaxF32Args&);
};

std::span<const SoftmaxF32Kernel> softmax_f32_kernels();

}  // namespace lathe::kernels

// The depthwise kernels of kernels.inc as a table.
#pragma once

#include <span>

#include "base/cpu.h"
#include "kernels/depthwise_f32/args.h"

namespace lathe::kernels {

struct DepthwiseF32Kernel {
  Isa isa;
  const char* name;
  void (*function)(const DepthwiseF32Args&);
};

std::span<const DepthwiseF32Kernel> depthwise_f32_kernels();

// The best up to `isa`.
const DepthwiseF32Kernel& pick_depthwise_f32(Isa isa);

}  // namespace lathe::kernels

// The pooling kernels of kernels.inc as a table.
#pragma once

#include <cstdint>
#include <span>

#include "base/cpu.h"
#include "kernels/pooling_int8/args.h"

namespace lathe::kernels {

struct PoolingInt8Kernel {
  Isa isa;
  const char* name;  // of the average's function
  void (*max)(const PoolInt8Args&);
  void (*average)(const AveragePoolInt8Args&);
  std::int64_t min_channels;
};

std::span<const PoolingInt8Kernel> pooling_int8_kernels();

// The best kernel up to `isa` that takes so few channels.
const PoolingInt8Kernel& pick_pooling_int8(Isa isa, std::int64_t channels);

}  // namespace lathe::kernels

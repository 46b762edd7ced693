// The pooling kernels of kernels.inc as a table.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "kernels/pooling_int8/args.h"

namespace lathe::kernels {

struct PoolingInt8Kernel {
  Isa isa;
  const char* max_name;
  const char* average_name;
  void (*max)(const PoolInt8Args&);
  void (*average)(const AveragePoolInt8Args&);
  std::int64_t min_channels;

  [[nodiscard]] bool takes(std::int64_t channels) const { return channels >= min_channels; }
};

inline constexpr PoolingInt8Kernel kPoolingInt8Kernels[] = {
#define LATHE_POOLING_INT8_KERNEL(isa, suffix, max, average, min_channels) \
  {Isa::isa, "max_pool_s8_" #suffix, "average_pool_s8_" #suffix, max, average, min_channels},
#include "kernels/pooling_int8/kernels.inc"
#undef LATHE_POOLING_INT8_KERNEL
};

}  // namespace lathe::kernels

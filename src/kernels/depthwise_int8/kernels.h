// The 8-bit depthwise kernels of kernels.inc as a table: what each offers.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "kernels/depthwise_int8/args.h"

namespace lathe::kernels {

struct DepthwiseInt8Kernel {
  Isa isa;
  const char* name;
  void (*function)(const DepthwiseInt8Args&);
  int min_width;  // channels of the narrowest block; a block's width is this times a power of two
  int max_width;  // and of the widest
  int row_taps;   // taps of a column multiplied at once
  int weight_bytes;  // 1 or 2
  // Slots hold channels 0 to 3 of each 16, then 4 to 7 of each 16, and so on, which is where
  // interleaving the bytes of vectors leaves them.
  bool quartered;
  // Reads and writes whole blocks only: the last block overlaps the one before, and layers have at
  // least min_width channels.
  bool overlap;

  [[nodiscard]] bool takes(std::int64_t channels) const {
    return !overlap || channels >= min_width;
  }
};

inline constexpr DepthwiseInt8Kernel kDepthwiseInt8Kernels[] = {
#define LATHE_DEPTHWISE_INT8_KERNEL(isa, suffix, function, ...) \
  {Isa::isa, "depthwise_s8_" #suffix, function, __VA_ARGS__},
#include "kernels/depthwise_int8/kernels.inc"
#undef LATHE_DEPTHWISE_INT8_KERNEL
};

}  // namespace lathe::kernels

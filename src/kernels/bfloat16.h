// bfloat16 as kernels store it: a float32 without the lower half of its bits. Plain, so that files
// compiled for one instruction set can include it.
#pragma once

#include <cstdint>

namespace lathe::kernels {

struct BFloat16 {
  std::uint16_t bits;
};

}  // namespace lathe::kernels

// The indirect matrix multiplication kernels of kernels.inc as a table.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "kernels/igemm_f32/args.h"

namespace lathe::kernels {

struct IgemmF32Kernel {
  Isa isa;
  const char* name;
  void (*function)(const IgemmF32Args&);
  std::int64_t mr;  // output pixels of a tile, at most; the same for all of an instruction set
  std::int64_t nr;  // output channels of a panel
  bool one_panel;   // for outputs of one panel only: its instruction set has a wider kernel

  [[nodiscard]] bool takes(std::int64_t columns) const { return !one_panel || columns <= nr; }
};

inline constexpr IgemmF32Kernel kIgemmF32Kernels[] = {
#define LATHE_IGEMM_F32_KERNEL(isa, name, function, ...) {Isa::isa, #name, function, __VA_ARGS__},
#include "kernels/igemm_f32/kernels.inc"
#undef LATHE_IGEMM_F32_KERNEL
};

}  // namespace lathe::kernels

// A kernel's functions for tensors stored in float32 and in bfloat16.
#pragma once

#include "kernels/bfloat16.h"

namespace lathe::kernels {

template <template <typename Stored> typename Args>
struct ByStorage {
  void (*of_f32)(const Args<float>&);
  void (*of_bf16)(const Args<BFloat16>&);

  void operator()(const Args<float>& args) const { of_f32(args); }
  void operator()(const Args<BFloat16>& args) const { of_bf16(args); }
};

}  // namespace lathe::kernels

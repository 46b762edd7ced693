#include "kernels/igemm_f32/kernels.h"

namespace lathe::kernels {
namespace {

constexpr IgemmF32Kernel kKernels[] = {
#define LATHE_IGEMM_F32_KERNEL(isa, function, mr, nr) {Isa::isa, #function, function, mr, nr},
#include "kernels/igemm_f32/kernels.inc"
#undef LATHE_IGEMM_F32_KERNEL
};

}  // namespace

std::span<const IgemmF32Kernel> igemm_f32_kernels() { return kKernels; }

const IgemmF32Kernel& pick_igemm_f32(Isa isa, std::int64_t columns) {
  const IgemmF32Kernel* best = nullptr;
  for (const IgemmF32Kernel& kernel : kKernels) {
    if (kernel.isa > isa) continue;
    if (best == nullptr || (kernel.isa == best->isa && kernel.nr >= columns)) best = &kernel;
  }
  return *best;
}

}  // namespace lathe::kernels

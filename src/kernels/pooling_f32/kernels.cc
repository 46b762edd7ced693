#include "kernels/pooling_f32/kernels.h"

namespace lathe::kernels {
namespace {

constexpr PoolingF32Kernel kKernels[] = {
#define LATHE_POOLING_F32_KERNEL(isa, max, average) {Isa::isa, #max, max, average},
#include "kernels/pooling_f32/kernels.inc"
#undef LATHE_POOLING_F32_KERNEL
};

}  // namespace

std::span<const PoolingF32Kernel> pooling_f32_kernels() { return kKernels; }

}  // namespace lathe::kernels

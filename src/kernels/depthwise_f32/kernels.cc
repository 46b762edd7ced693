#include "kernels/depthwise_f32/kernels.h"

#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

constexpr DepthwiseF32Kernel kKernels[] = {
#define LATHE_DEPTHWISE_F32_KERNEL(isa, function) {Isa::isa, #function, function},
#include "kernels/depthwise_f32/kernels.inc"
#undef LATHE_DEPTHWISE_F32_KERNEL
};

}  // namespace

std::span<const DepthwiseF32Kernel> depthwise_f32_kernels() { return kKernels; }

const DepthwiseF32Kernel& pick_depthwise_f32(Isa isa) { return pick(depthwise_f32_kernels(), isa); }

}  // namespace lathe::kernels

#include "kernels/elementwise_f32/kernels.h"

namespace lathe::kernels {
namespace {

constexpr ElementwiseF32Kernel kKernels[] = {
#define LATHE_ELEMENTWISE_F32_KERNEL(isa, binary, unary) {Isa::isa, #unary, binary, unary},
#include "kernels/elementwise_f32/kernels.inc"
#undef LATHE_ELEMENTWISE_F32_KERNEL
};

}  // namespace

std::span<const ElementwiseF32Kernel> elementwise_f32_kernels() { return kKernels; }

}  // namespace lathe::kernels

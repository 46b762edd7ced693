#include "kernels/softmax_f32/kernels.h"

namespace lathe::kernels {
namespace {

constexpr SoftmaxF32Kernel kKernels[] = {
#define LATHE_SOFTMAX_F32_KERNEL(isa, function) {Isa::isa, #function, function},
#include "kernels/softmax_f32/kernels.inc"
#undef LATHE_SOFTMAX_F32_KERNEL
};

}  // namespace

std::span<const SoftmaxF32Kernel> softmax_f32_kernels() { return kKernels; }

}  // namespace lathe::kernels

#include "kernels/quantize_linear/kernels.h"

namespace lathe::kernels {
namespace {

constexpr QuantizeLinearKernel kKernels[] = {
#define LATHE_QUANTIZE_LINEAR_KERNEL(isa, quantize, dequantize) \
  {Isa::isa, #quantize, quantize, dequantize},
#include "kernels/quantize_linear/kernels.inc"
#undef LATHE_QUANTIZE_LINEAR_KERNEL
};

}  // namespace

std::span<const QuantizeLinearKernel> quantize_linear_kernels() { return kKernels; }

}  // namespace lathe::kernels

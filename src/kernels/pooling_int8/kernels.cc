#include "kernels/pooling_int8/kernels.h"

#include "base/result.h"

namespace lathe::kernels {
namespace {

constexpr PoolingInt8Kernel kKernels[] = {
#define LATHE_POOLING_INT8_KERNEL(isa, max, average, min_channels) \
  {Isa::isa, #average, max, average, min_channels},
#include "kernels/pooling_int8/kernels.inc"
#undef LATHE_POOLING_INT8_KERNEL
};

}  // namespace

std::span<const PoolingInt8Kernel> pooling_int8_kernels() { return kKernels; }

const PoolingInt8Kernel& pick_pooling_int8(Isa isa, std::int64_t channels) {
  for (const PoolingInt8Kernel& kernel : kKernels) {
    if (kernel.isa <= isa && channels >= kernel.min_channels) return kernel;
  }
  fatal("no 8-bit pooling kernel takes these channels");
}

}  // namespace lathe::kernels

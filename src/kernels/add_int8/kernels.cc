#include "kernels/add_int8/kernels.h"

namespace lathe::kernels {
namespace {

constexpr AddInt8Kernel kKernels[] = {
#define LATHE_ADD_INT8_KERNEL(isa, function) {Isa::isa, #function, function},
#include "kernels/add_int8/kernels.inc"
#undef LATHE_ADD_INT8_KERNEL
};

}  // namespace

std::span<const AddInt8Kernel> add_int8_kernels() { return kKernels; }

}  // namespace lathe::kernels

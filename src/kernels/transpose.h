// Reordering of dimensions, for elements of 1, 2, 4 or 8 bytes. The output must not overlap the
// input and does not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/transpose/kernels.h"

namespace lathe::kernels {

// ONNX Transpose: dimension i of the dense output is dimension permutation[i] of the dense input of
// `in_shape`. Any rank; `permutation` must be one of 0 to rank - 1.
void permute(const TransposeKernel& kernel, const void* in, void* out,
             std::span<const std::int64_t> in_shape, std::span<const std::int64_t> permutation,
             std::size_t element_size, ThreadPool& pool);

}  // namespace lathe::kernels

// What a transposition works on. Plain, so that files compiled for one instruction set can include
// it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/vector/targets.h"

namespace lathe::kernels {

// out[i * out_stride + j] = in[j * in_stride + i] for i < rows and j < columns. Strides count
// elements, of 1, 2, 4 or 8 bytes.
struct TransposeArgs {
  const void* in;
  void* out;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t in_stride;
  std::int64_t out_stride;
  std::size_t element_bytes;
};

#define LATHE_DECLARE(target)                \
  namespace target {                         \
  void transpose(const TransposeArgs& args); \
  }
LATHE_DECLARE(scalar)
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels

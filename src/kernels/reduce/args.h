// What a loop that reduces elements is called with. Plain, so that files compiled for one
// instruction set can include it.
#pragma once

#include <cstddef>

#include "kernels/element_type.h"

namespace lathe::kernels {

enum class ReduceOp { kSum, kMean, kMax, kMin, kProd, kSumSquare, kL1, kL2 };

// Totals of float32 and float64 are float64, those of int32 and int64 are int64, which wraps
// around.
struct ReduceArgs {
  ReduceOp op;
  ElementType type;
  const void* in;
  std::size_t count;
  void* totals;
  bool one;  // all elements into totals[0]; otherwise in[i] into totals[i]
};

constexpr bool can_reduce(ReduceOp op, ElementType type) {
  if (type == ElementType::kFloat32 || type == ElementType::kFloat64) return true;
  const bool whole = type == ElementType::kInt32 || type == ElementType::kInt64;
  return whole && op != ReduceOp::kMean && op != ReduceOp::kL2;
}

#define LATHE_REDUCE_KERNEL(isa, function) void function(const ReduceArgs& args);
#include "kernels/reduce/kernels.inc"
#undef LATHE_REDUCE_KERNEL

}  // namespace lathe::kernels

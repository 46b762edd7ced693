// What a loop that reduces elements is called with. Plain, so that files compiled for one
// instruction set can include it.
#pragma once

#include <cstddef>
#include <limits>
#include <type_traits>

#include "kernels/element_type.h"
#include "kernels/vector/targets.h"

namespace lathe::kernels {

enum class ReduceOp { kSum, kMean, kMax, kMin, kProd, kSumSquare, kL1, kL2 };

// Totals of float32 and float64 are float64, those of int32 and int64 are int64, which wraps
// around. They hold what is combined with, and are not finished: a mean is still a sum.
struct ReduceArgs {
  ReduceOp op;
  ElementType type;
  const void* in;
  std::size_t count;        // elements of a run, one behind the other
  std::size_t runs;         // that are reduced
  std::ptrdiff_t run_step;  // elements from one run to the next
  // Zero: in[i] of each run into totals[i]. Otherwise so many totals, each of all elements of its
  // runs, which begin out_step elements after those of the total before.
  std::size_t outputs;
  std::ptrdiff_t out_step;
  void* totals;
};

// What changes no total.
template <typename Total>
constexpr Total reduce_identity(ReduceOp op) {
  using Limits = std::numeric_limits<Total>;
  constexpr bool kFloat = std::is_floating_point_v<Total>;
  if (op == ReduceOp::kMax) return kFloat ? -Limits::infinity() : Limits::lowest();
  if (op == ReduceOp::kMin) return kFloat ? Limits::infinity() : Limits::max();
  return op == ReduceOp::kProd ? Total{1} : Total{0};
}

constexpr bool can_reduce(ReduceOp op, ElementType type) {
  if (type == ElementType::kFloat32 || type == ElementType::kFloat64) return true;
  const bool whole = type == ElementType::kInt32 || type == ElementType::kInt64;
  return whole && op != ReduceOp::kMean && op != ReduceOp::kL2;
}

void reduce_scalar(const ReduceArgs& args);
// Of float32 only.
#define LATHE_DECLARE(target)              \
  namespace target {                       \
  void reduce_f32(const ReduceArgs& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels

#include "kernels/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/parallel.h"
#include "kernels/strided.h"

namespace lathe::kernels {
namespace {

// Totals that are kept at a time: half of an L1 cache.
constexpr std::int64_t kPiece = 2048;

// Some axes of the input, one behind the other.
struct Axes {
  std::array<std::int64_t, kMostAxes> extents{};
  std::array<std::int64_t, kMostAxes> strides{};
  std::size_t rank = 0;

  void add_in_front(std::int64_t extent, std::int64_t stride) {
    std::copy_backward(extents.begin(), extents.begin() + rank, extents.begin() + rank + 1);
    std::copy_backward(strides.begin(), strides.begin() + rank, strides.begin() + rank + 1);
    extents[0] = extent;
    strides[0] = stride;
    ++rank;
  }
  [[nodiscard]] std::int64_t count() const {
    std::int64_t count = 1;
    for (std::size_t i = 0; i < rank; ++i) count *= extents[i];
    return count;
  }
  // Where element i of them lies.
  [[nodiscard]] std::int64_t place(std::int64_t i) const {
    std::int64_t place = 0;
    for (std::size_t axis = rank; axis-- > 0;) {
      place += i % extents[axis] * strides[axis];
      i /= extents[axis];
    }
    return place;
  }
};

template <typename Total>
Total start_of(ReduceOp op) {
  using Limits = std::numeric_limits<Total>;
  constexpr bool kFloat = std::is_floating_point_v<Total>;
  if (op == ReduceOp::kMax) return kFloat ? -Limits::infinity() : Limits::lowest();
  if (op == ReduceOp::kMin) return kFloat ? Limits::infinity() : Limits::max();
  return op == ReduceOp::kProd ? Total{1} : Total{0};
}

template <typename T, typename Total>
void finish(ReduceOp op, const Total* totals, std::int64_t count, std::int64_t elements, T* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    Total total = totals[i];
    if constexpr (std::is_floating_point_v<Total>) {
      if (op == ReduceOp::kMean) total /= static_cast<Total>(elements);
      if (op == ReduceOp::kL2) total = std::sqrt(total);
    }
    out[i] = static_cast<T>(total);
  }
}

// `runs`: of each run that one total takes, its place; `inner`: elements of the output that lie
// behind each other, as their inputs do, or 1 where the last axis is reduced, over `run` elements.
struct Reduction {
  Axes outer;  // that are kept
  Axes runs;   // that are reduced
  std::int64_t inner = 1;
  std::int64_t run = 1;
};

Reduction reduction_of(const ReduceProblem& problem) {
  Reduction reduction;
  std::int64_t stride = 1;
  for (std::size_t axis = problem.extents.size(); axis-- > 0;) {
    const std::int64_t extent = problem.extents[axis];
    const bool reduced = problem.reduced[axis] != 0;
    if (stride == 1 && axis + 1 == problem.extents.size()) {
      (reduced ? reduction.run : reduction.inner) = extent;
    } else {
      (reduced ? reduction.runs : reduction.outer).add_in_front(extent, stride);
    }
    stride *= extent;
  }
  return reduction;
}

template <typename T, typename Total>
void reduce_pieces(const ReduceProblem& problem, const ReduceKernel& row,
                   const Operands& operands) {
  const Reduction r = reduction_of(problem);
  const auto* in = static_cast<const T*>(operands.inputs[0]);
  auto* out = static_cast<T*>(operands.outputs[0]);
  const std::int64_t runs = r.runs.count();
  const std::int64_t pieces = (r.inner + kPiece - 1) / kPiece;
  const std::int64_t outer = r.outer.count();
  const std::int64_t elements = runs * r.run;
  const auto bytes = static_cast<std::int64_t>(sizeof(T));
  parallel_slots(operands.pool, outer * pieces,
                 expected_stream_nanoseconds(bytes * elements * outer * r.inner),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   Total totals[kPiece];
                   for (std::int64_t i = begin; i < end; ++i) {
                     const std::int64_t at = i % pieces * kPiece;
                     const std::int64_t count = std::min(kPiece, r.inner - at);
                     std::fill_n(totals, count, start_of<Total>(problem.op));
                     const T* from = in + r.outer.place(i / pieces) + at;
                     for (std::int64_t run = 0; run < runs; ++run) {
                       row.function({problem.op, problem.type, from + r.runs.place(run),
                                     static_cast<std::size_t>(r.inner == 1 ? r.run : count), totals,
                                     r.inner == 1});
                     }
                     finish(problem.op, totals, count, elements, out + i / pieces * r.inner + at);
                   }
                 });
}

}  // namespace

void Reduce::run(const Problem& problem, const Row& row, const Operands& operands) {
  switch (problem.type) {
    case ElementType::kFloat32:
      return reduce_pieces<float, double>(problem, row, operands);
    case ElementType::kFloat64:
      return reduce_pieces<double, double>(problem, row, operands);
    case ElementType::kInt32:
      return reduce_pieces<std::int32_t, std::int64_t>(problem, row, operands);
    default:
      return reduce_pieces<std::int64_t, std::int64_t>(problem, row, operands);
  }
}

}  // namespace lathe::kernels

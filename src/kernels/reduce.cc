#include "kernels/reduce.h"

#include <algorithm>
#include <cmath>

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
  // Of the innermost one; one element where there is none.
  [[nodiscard]] std::int64_t last_extent() const { return rank == 0 ? 1 : extents[rank - 1]; }
  [[nodiscard]] std::ptrdiff_t last_stride() const { return rank == 0 ? 0 : strides[rank - 1]; }
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
  // Runs that one call takes, and outputs that lie as far apart as each other.
  const std::int64_t inner_runs = r.runs.last_extent();
  const std::int64_t outer_runs = r.runs.count() / inner_runs;
  const std::int64_t neighbours = r.inner == 1 ? r.outer.last_extent() : 1;
  const std::int64_t pieces = (r.inner + kPiece - 1) / kPiece;
  const std::int64_t outer = r.outer.count();
  const std::int64_t elements = r.runs.count() * r.run;
  const auto bytes = static_cast<std::int64_t>(sizeof(T));
  const auto reduce_at = [&](std::int64_t output, std::int64_t outputs, std::int64_t at,
                             std::int64_t count) {
    Total totals[kPiece];
    std::fill_n(totals, outputs * count, reduce_identity<Total>(problem.op));
    for (std::int64_t i = 0; i < outer_runs; ++i) {
      ReduceArgs args{};
      args.op = problem.op;
      args.type = problem.type;
      args.in = in + r.outer.place(output) + at + r.runs.place(i * inner_runs);
      args.count = static_cast<std::size_t>(r.inner == 1 ? r.run : count);
      args.runs = static_cast<std::size_t>(inner_runs);
      args.run_step = r.runs.last_stride();
      args.outputs = static_cast<std::size_t>(r.inner == 1 ? outputs : 0);
      args.out_step = r.outer.last_stride();
      args.totals = totals;
      row.function(args);
    }
    finish(problem.op, totals, outputs * count, elements, out + output * r.inner + at);
  };
  parallel_slots(
      operands.pool, outer * pieces,
      expected_stream_nanoseconds(bytes * elements * outer * r.inner),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end;) {
          const std::int64_t at = i % pieces * kPiece;
          const std::int64_t outputs = std::min({end - i, neighbours - i % neighbours, kPiece});
          reduce_at(i / pieces, outputs, at, std::min(kPiece, r.inner - at));
          i += outputs;
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

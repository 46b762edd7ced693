#include "kernels/arg_reduce.h"

#include <algorithm>

#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

// Lines along the axis that are followed at a time: what is known of them stays in an L1 cache.
constexpr std::int64_t kPiece = 1024;
// Parts of one line that are followed at a time, so that they do not wait for each other.
constexpr std::int64_t kParts = 16;

// Whether `v`, which stands behind `best`, takes its place. NaN is beyond every number.
template <bool kMax, bool kLast, typename T>
bool takes_place(T v, T best) {
  const bool beyond = kMax ? v > best : v < best;
  if constexpr (kLast) return beyond || v == best || v != v;
  return beyond || (v != v && best == best);
}

// The best of each line so far, and in which step it came.
template <typename T>
struct Best {
  T values[kPiece];
  std::int32_t steps[kPiece];
};

template <bool kMax, bool kLast, typename T>
void follow(const T* in, std::int32_t step, std::int64_t count, Best<T>& best) {
  for (std::int64_t i = 0; i < count; ++i) {
    const T v = in[i];
    const bool taken = takes_place<kMax, kLast>(v, best.values[i]);
    best.values[i] = taken ? v : best.values[i];
    best.steps[i] = taken ? step : best.steps[i];
  }
}

// Line i has its elements at in[i], in[stride + i] and so on, `steps` of them.
template <bool kMax, bool kLast, typename T>
void follow_lines(const T* in, std::int64_t steps, std::int64_t stride, std::int64_t count,
                  Best<T>& best) {
  std::copy_n(in, count, best.values);
  std::fill_n(best.steps, count, 0);
  for (std::int64_t step = 1; step < steps; ++step)
    follow<kMax, kLast>(in + step * stride, static_cast<std::int32_t>(step), count, best);
}

// Of one line without gaps.
template <bool kMax, bool kLast, typename T>
std::int64_t best_of_line(const T* in, std::int64_t extent, Best<T>& best) {
  const std::int64_t steps = extent / kParts;
  std::int64_t found = 0;
  if (steps > 0) {
    follow_lines<kMax, kLast>(in, steps, kParts, kParts, best);
    found = std::int64_t{best.steps[0]} * kParts;
    for (std::int64_t part = 1; part < kParts; ++part) {
      const std::int64_t at = std::int64_t{best.steps[part]} * kParts + part;
      const bool taken = at > found ? takes_place<kMax, kLast>(in[at], in[found])
                                    : !takes_place<kMax, kLast>(in[found], in[at]);
      if (taken) found = at;
    }
  }
  for (std::int64_t at = std::max<std::int64_t>(steps * kParts, 1); at < extent; ++at)
    if (takes_place<kMax, kLast>(in[at], in[found])) found = at;
  return found;
}

template <bool kMax, bool kLast, typename T>
void find(const ArgReduceProblem& problem, const Operands& operands) {
  const auto* in = static_cast<const T*>(operands.inputs[0]);
  auto* out = static_cast<std::int64_t*>(operands.outputs[0]);
  const std::int64_t extent = problem.extent;
  const std::int64_t inner = problem.inner;
  const std::int64_t pieces = (inner + kPiece - 1) / kPiece;
  const auto bytes = static_cast<std::int64_t>(sizeof(T)) * problem.outer * extent * inner;
  parallel_slots(operands.pool, problem.outer * pieces, expected_stream_nanoseconds(2 * bytes),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   Best<T> best;
                   for (std::int64_t i = begin; i < end; ++i) {
                     const T* from = in + i / pieces * extent * inner;
                     std::int64_t* to = out + i / pieces * inner;
                     if (inner == 1) {
                       *to = best_of_line<kMax, kLast>(from, extent, best);
                       continue;
                     }
                     const std::int64_t at = i % pieces * kPiece;
                     const std::int64_t count = std::min(kPiece, inner - at);
                     follow_lines<kMax, kLast>(from + at, extent, inner, count, best);
                     std::copy_n(best.steps, count, to + at);
                   }
                 });
}

template <typename T>
void find_of_type(const ArgReduceProblem& problem, const Operands& operands) {
  if (problem.largest)
    return problem.last ? find<true, true, T>(problem, operands)
                        : find<true, false, T>(problem, operands);
  return problem.last ? find<false, true, T>(problem, operands)
                      : find<false, false, T>(problem, operands);
}

}  // namespace

void ArgReduce::run(const Problem& problem, const Row&, const Operands& operands) {
  switch (problem.type) {
    case ElementType::kFloat32:
      return find_of_type<float>(problem, operands);
    case ElementType::kFloat64:
      return find_of_type<double>(problem, operands);
    case ElementType::kInt8:
      return find_of_type<std::int8_t>(problem, operands);
    case ElementType::kUint8:
      return find_of_type<std::uint8_t>(problem, operands);
    case ElementType::kInt32:
      return find_of_type<std::int32_t>(problem, operands);
    default:
      return find_of_type<std::int64_t>(problem, operands);
  }
}

}  // namespace lathe::kernels

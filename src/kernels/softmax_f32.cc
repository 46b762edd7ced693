#include "kernels/softmax_f32.h"

#include <algorithm>
#include <cmath>

#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

// Columns of the innermost axis that are made rows at a time: a cache line of each row is used
// whole.
constexpr std::int64_t kTogether = 16;

float natural_log(float x) { return std::log(x); }

}  // namespace

std::size_t SoftmaxF32::scratch_bytes(const Problem& problem, const Row&, int threads) {
  if (problem.inner == 1) return 0;
  return static_cast<std::size_t>(threads * kTogether * problem.columns) * sizeof(float);
}

void SoftmaxF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  const std::int64_t columns = problem.columns;
  const std::int64_t inner = problem.inner;
  const double element = row.isa == Isa::kScalar ? 10 : 1;  // nanoseconds of an exponential
  const double nanoseconds = element * static_cast<double>(problem.rows * columns * inner);
  const auto softmax = [&](const float* from, float* to, std::int64_t rows) {
    row.function({from, to, static_cast<std::size_t>(rows), static_cast<std::size_t>(columns),
                  problem.log ? natural_log : nullptr});
  };
  if (inner == 1) {
    parallel_slots(operands.pool, problem.rows, nanoseconds,
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     softmax(in + begin * columns, out + begin * columns, end - begin);
                   });
    return;
  }
  const std::int64_t pieces = (inner + kTogether - 1) / kTogether;
  parallel_slots(operands.pool, problem.rows * pieces, nanoseconds,
                 [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
                   float* turned =
                       static_cast<float*>(operands.scratch) + slot * kTogether * columns;
                   for (std::int64_t piece = begin; piece < end; ++piece) {
                     const std::int64_t first = piece % pieces * kTogether;
                     const std::int64_t count = std::min(kTogether, inner - first);
                     const std::int64_t at = piece / pieces * columns * inner + first;
                     for (std::int64_t c = 0; c < columns; ++c)
                       for (std::int64_t i = 0; i < count; ++i)
                         turned[i * columns + c] = in[at + c * inner + i];
                     softmax(turned, turned, count);
                     for (std::int64_t c = 0; c < columns; ++c)
                       for (std::int64_t i = 0; i < count; ++i)
                         out[at + c * inner + i] = turned[i * columns + c];
                   }
                 });
}

}  // namespace lathe::kernels

#include "kernels/resample.h"

#include <algorithm>
#include <cstring>

#include "kernels/aligned_buffer.h"
#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

// Pixels of `bytes` bytes of one line, where the compiler knows how many.
template <std::size_t bytes>
void take_pixels(const std::byte* line, const std::vector<std::int64_t>& columns, std::byte* out) {
  for (const std::int64_t column : columns) {
    std::memcpy(out, line + static_cast<std::size_t>(column) * bytes, bytes);
    out += bytes;
  }
}

void take_line(const std::byte* line, const TakeGridProblem& problem, std::byte* out) {
  switch (problem.inner_bytes) {
    case 1:
      return take_pixels<1>(line, problem.columns, out);
    case 4:
      return take_pixels<4>(line, problem.columns, out);
    default:
      break;
  }
  for (const std::int64_t column : problem.columns) {
    std::memcpy(out, line + column * problem.inner_bytes,
                static_cast<std::size_t>(problem.inner_bytes));
    out += problem.inner_bytes;
  }
}

// out = sum over t of weights[t] * the `count` elements at from + at[t] * stride.
void weighted_sum(const float* from, const std::int64_t* at, const float* weights,
                  std::int64_t taps, std::int64_t stride, std::int64_t count, float* out) {
  const float* first = from + at[0] * stride;
  if (taps == 1) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = weights[0] * first[i];
    return;
  }
  const float* second = from + at[1] * stride;
  for (std::int64_t i = 0; i < count; ++i) out[i] = weights[0] * first[i] + weights[1] * second[i];
  for (std::int64_t t = 2; t < taps; ++t) {
    const float* next = from + at[t] * stride;
    for (std::int64_t i = 0; i < count; ++i) out[i] += weights[t] * next[i];
  }
}

std::size_t line_bytes(const InterpolateF32Problem& problem) {
  const auto bytes = static_cast<std::size_t>(problem.in_w * problem.inner) * sizeof(float);
  return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

}  // namespace

void TakeGrid::run(const Problem& problem, const Row&, const Operands& operands) {
  const auto* in = static_cast<const std::byte*>(operands.inputs[0]);
  auto* out = static_cast<std::byte*>(operands.outputs[0]);
  const auto out_h = static_cast<std::int64_t>(problem.rows.size());
  const auto out_w = static_cast<std::int64_t>(problem.columns.size());
  const std::int64_t in_line = problem.in_w * problem.inner_bytes;
  const std::int64_t out_line = out_w * problem.inner_bytes;
  parallel_slots(operands.pool, problem.outer * out_h,
                 expected_stream_nanoseconds(2 * problem.outer * out_h * out_line),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     const std::int64_t row = problem.rows[static_cast<std::size_t>(i % out_h)];
                     std::byte* to = out + i * out_line;
                     if (i > begin && i % out_h > 0 &&
                         row == problem.rows[static_cast<std::size_t>(i % out_h - 1)]) {
                       std::memcpy(to, to - out_line, static_cast<std::size_t>(out_line));
                     } else {
                       take_line(in + (i / out_h * problem.in_h + row) * in_line, problem, to);
                     }
                   }
                 });
}

std::size_t InterpolateF32::scratch_bytes(const Problem& problem, const Row&, int threads) {
  return static_cast<std::size_t>(threads) * line_bytes(problem);
}

void InterpolateF32::run(const Problem& problem, const Row&, const Operands& operands) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  const std::int64_t out_h = static_cast<std::int64_t>(problem.rows.size()) / problem.row_taps;
  const std::int64_t out_w =
      static_cast<std::int64_t>(problem.columns.size()) / problem.column_taps;
  const std::int64_t in_line = problem.in_w * problem.inner;
  const std::int64_t out_line = out_w * problem.inner;
  const double elements =
      static_cast<double>(problem.outer * out_h) *
      static_cast<double>(in_line * problem.row_taps + out_line * problem.column_taps);
  parallel_slots(
      operands.pool, problem.outer * out_h, elements / 2,
      [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
        auto* line = reinterpret_cast<float*>(static_cast<std::byte*>(operands.scratch) +
                                              static_cast<std::size_t>(slot) * line_bytes(problem));
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t row = i % out_h * problem.row_taps;
          weighted_sum(in + i / out_h * problem.in_h * in_line, problem.rows.data() + row,
                       problem.row_weights.data() + row, problem.row_taps, in_line, in_line, line);
          float* to = out + i * out_line;
          for (std::int64_t x = 0; x < out_w; ++x, to += problem.inner) {
            const std::int64_t column = x * problem.column_taps;
            weighted_sum(line, problem.columns.data() + column,
                         problem.column_weights.data() + column, problem.column_taps, problem.inner,
                         problem.inner, to);
          }
        }
      });
}

}  // namespace lathe::kernels

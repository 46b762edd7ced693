#include "kernels/resample.h"

#include <cstdint>
#include <cstring>

#include "kernels/aligned_buffer.h"
#include "kernels/parallel.h"
#include "kernels/rounding.h"

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

std::size_t aligned_bytes(std::int64_t bytes) {
  return static_cast<std::size_t>(round_up(bytes, static_cast<std::int64_t>(kBufferAlignment)));
}

// The elements of a line of the output, by tap, as InterpolateElementsArgs wants them.
class ElementTables {
 public:
  explicit ElementTables(const InterpolateF32Problem& problem)
      : problem_(problem),
        count_(static_cast<std::int64_t>(problem.columns.size()) / problem.column_taps *
               problem.inner),
        pitch_(round_up(count_, 16)) {}

  // Larger pixels are vectors of their own, larger images have no 32-bit indices.
  [[nodiscard]] bool wanted() const {
    return problem_.inner < 16 && problem_.in_w * problem_.inner <= INT32_MAX;
  }
  [[nodiscard]] std::size_t bytes() const {
    return wanted() ? aligned_bytes(2 * pitch_ * problem_.column_taps * std::int64_t{4}) : 0;
  }
  // Fills bytes() bytes at `memory`.
  InterpolateElementsArgs fill(std::byte* memory) const {
    auto* at = reinterpret_cast<std::int32_t*>(memory);
    auto* weights = reinterpret_cast<float*>(at + pitch_ * problem_.column_taps);
    for (std::int64_t t = 0; t < problem_.column_taps; ++t) {
      for (std::int64_t i = 0; i < pitch_; ++i) {
        const std::int64_t tap = i / problem_.inner * problem_.column_taps + t;
        const bool inside = i < count_;
        const auto index = static_cast<std::size_t>(inside ? tap : 0);
        const std::int64_t from = problem_.columns[index] * problem_.inner + i % problem_.inner;
        at[t * pitch_ + i] = inside ? static_cast<std::int32_t>(from) : 0;
        weights[t * pitch_ + i] = inside ? problem_.column_weights[index] : 0;
      }
    }
    InterpolateElementsArgs args{};
    args.at = at;
    args.weights = weights;
    args.pitch = static_cast<std::size_t>(pitch_);
    args.taps = static_cast<std::size_t>(problem_.column_taps);
    args.count = static_cast<std::size_t>(count_);
    return args;
  }

 private:
  const InterpolateF32Problem& problem_;
  std::int64_t count_;
  std::int64_t pitch_;
};

std::size_t line_bytes(const InterpolateF32Problem& problem) {
  return aligned_bytes(problem.in_w * problem.inner * std::int64_t{sizeof(float)});
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
  return ElementTables(problem).bytes() + static_cast<std::size_t>(threads) * line_bytes(problem);
}

void InterpolateF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  auto* scratch = static_cast<std::byte*>(operands.scratch);
  const std::int64_t out_h = static_cast<std::int64_t>(problem.rows.size()) / problem.row_taps;
  const std::int64_t out_w =
      static_cast<std::int64_t>(problem.columns.size()) / problem.column_taps;
  const std::int64_t in_line = problem.in_w * problem.inner;
  const std::int64_t out_line = out_w * problem.inner;
  const ElementTables tables(problem);
  InterpolateElementsArgs elements{};
  if (tables.wanted()) elements = tables.fill(scratch);
  const auto row_taps = static_cast<std::size_t>(problem.row_taps);
  const double work =
      static_cast<double>(problem.outer * out_h) *
      static_cast<double>(in_line * problem.row_taps + out_line * problem.column_taps);
  parallel_slots(
      operands.pool, problem.outer * out_h, work / 4,
      [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
        auto* line = reinterpret_cast<float*>(scratch + tables.bytes() +
                                              static_cast<std::size_t>(slot) * line_bytes(problem));
        for (std::int64_t i = begin; i < end; ++i) {
          const auto y = static_cast<std::size_t>(i % out_h) * row_taps;
          row.pixels({in + i / out_h * problem.in_h * in_line, &problem.rows[y],
                      &problem.row_weights[y], row_taps, static_cast<std::size_t>(in_line), 1,
                      line});
          float* to = out + i * out_line;
          if (tables.wanted()) {
            InterpolateElementsArgs args = elements;
            args.in = line;
            args.out = to;
            row.elements(args);
          } else {
            row.pixels({line, problem.columns.data(), problem.column_weights.data(),
                        static_cast<std::size_t>(problem.column_taps),
                        static_cast<std::size_t>(problem.inner), static_cast<std::size_t>(out_w),
                        to});
          }
        }
      });
}

}  // namespace lathe::kernels

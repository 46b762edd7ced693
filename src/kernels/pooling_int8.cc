#include "kernels/pooling_int8.h"

#include <algorithm>

#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

// Channels of one unit of work where there are too few output pixels to share: a multiple of every
// kernel's vectors and of a cache line.
constexpr std::int64_t kChannelGrain = 256;

// The taps of one axis that lie inside of [low, high).
struct Taps {
  std::int64_t first;  // coordinate that the first of them reads
  std::int64_t count;
};

Taps taps_inside(std::int64_t start, std::int64_t taps, std::int64_t dilation, std::int64_t low,
                 std::int64_t high) {
  if (start >= low && start + (taps - 1) * dilation < high) return {start, taps};
  const std::int64_t skipped = start < low ? (low - start + dilation - 1) / dilation : 0;
  const std::int64_t first = start + skipped * dilation;
  if (skipped >= taps || first >= high) return {0, 0};
  return {first, std::min(taps - skipped, (high - 1 - first) / dilation + 1)};
}

// Calls body(args, counted) for each output pixel and range of channels, with the inputs of its
// window, none or more, and how many positions of it lie on inputs or padding.
template <typename Body>
void for_windows(const PoolingShape& s, std::uint8_t flip, const Operands& operands,
                 const Body& body) {
  const void* const in = operands.inputs[0];
  void* const out = operands.outputs[0];
  const std::int64_t pixels = s.batch * s.out_h * s.out_w;
  const std::int64_t chunks = pixels < 64 ? (s.channels + kChannelGrain - 1) / kChannelGrain : 1;
  const std::int64_t chunk = chunks == 1 ? s.channels : kChannelGrain;
  const auto units = [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    std::int64_t chunk_index = begin % chunks;
    std::int64_t pixel = begin / chunks;
    std::int64_t out_x = pixel % s.out_w;
    std::int64_t out_y = pixel / s.out_w % s.out_h;
    std::int64_t image = pixel / s.out_w / s.out_h;
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t channel = chunk_index * chunk;
      const std::int64_t y = out_y * s.stride_h - s.pad_top;
      const std::int64_t x = out_x * s.stride_w - s.pad_left;
      const Taps rows = taps_inside(y, s.kernel_h, s.dilation_h, 0, s.in_h);
      const Taps columns = taps_inside(x, s.kernel_w, s.dilation_w, 0, s.in_w);
      const Taps padded_rows =
          taps_inside(y, s.kernel_h, s.dilation_h, -s.pad_top, s.in_h + s.pad_bottom);
      const Taps padded_columns =
          taps_inside(x, s.kernel_w, s.dilation_w, -s.pad_left, s.in_w + s.pad_right);
      const std::int64_t first =
          ((image * s.in_h + rows.first) * s.in_w + columns.first) * s.channels + channel;
      body(PoolInt8Args{static_cast<const std::uint8_t*>(in) + first,
                        static_cast<std::size_t>(rows.count),
                        static_cast<std::size_t>(columns.count),
                        static_cast<std::size_t>(s.dilation_h * s.in_w * s.channels),
                        static_cast<std::size_t>(s.dilation_w * s.channels),
                        static_cast<std::size_t>(std::min(chunk, s.channels - channel)),
                        static_cast<std::uint8_t*>(out) + pixel * s.channels + channel, flip},
           padded_rows.count * padded_columns.count);
      if (++chunk_index < chunks) continue;
      chunk_index = 0;
      ++pixel;
      if (++out_x < s.out_w) continue;
      out_x = 0;
      if (++out_y < s.out_h) continue;
      out_y = 0;
      ++image;
    }
  };
  const std::int64_t bytes = pixels * s.channels * (s.kernel_h * s.kernel_w + 1);
  parallel_slots(operands.pool, pixels * chunks, expected_stream_nanoseconds(bytes), units);
}

// Channels of the narrowest call that for_windows() makes.
std::int64_t least_channels(const PoolingShape& shape) {
  const std::int64_t rest = shape.channels % kChannelGrain;
  return rest == 0 ? kChannelGrain : rest;
}

}  // namespace

bool MaxPoolingInt8::fits(const Problem& problem, const Row& row) {
  return problem.kind == PoolingKind::kMax && row.takes(least_channels(problem.shape));
}

void MaxPoolingInt8::run(const Problem& problem, const Row& row, const Operands& operands) {
  for_windows(problem.shape, problem.input.flip(), operands,
              [&](const PoolInt8Args& args, std::int64_t) { row.max(args); });
}

bool MeanPoolingInt8::fits(const Problem& problem, const Row& row) {
  return problem.kind != PoolingKind::kMax && row.takes(least_channels(problem.shape));
}

void MeanPoolingInt8::run(const Problem& problem, const Row& row, const Operands& operands) {
  const std::int32_t zero_point = problem.input.unsigned_zero_point();
  const bool with_padding = problem.kind == PoolingKind::kMeanWithPadding;
  const RequantizeArgs requantize = requantize_args(problem.output, problem.min, problem.max);
  for_windows(problem.shape, problem.input.flip(), operands,
              [&](const PoolInt8Args& args, std::int64_t padded) {
                const auto inputs = static_cast<std::int32_t>(args.height * args.width);
                const std::int64_t count = with_padding ? padded : inputs;
                const float multiplier =
                    count > 0 ? problem.scale_ratio / static_cast<float>(count) : 0.0F;
                row.average({args, -inputs * zero_point, multiplier, requantize});
              });
}

}  // namespace lathe::kernels

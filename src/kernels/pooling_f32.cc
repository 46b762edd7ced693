#include "kernels/pooling_f32.h"

#include <algorithm>
#include <limits>

#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

// Channels of one unit of work where there are too few output pixels to share: a multiple of every
// kernel's vectors and of a cache line.
constexpr std::int64_t kChannelGrain = 128;

// The taps of a window along one axis whose input lies inside [0, size).
struct Taps {
  std::int64_t start;  // input of the first
  std::int64_t count;
};

Taps inside(std::int64_t origin, std::int64_t kernel, std::int64_t dilation, std::int64_t low,
            std::int64_t high) {
  const std::int64_t first = origin >= low ? 0 : (low - origin + dilation - 1) / dilation;
  const std::int64_t last =
      origin >= high ? 0 : std::min(kernel, (high - origin + dilation - 1) / dilation);
  return {origin + first * dilation, std::max<std::int64_t>(last - first, 0)};
}

// Calls body(args, empty, counted) for each output pixel and range of channels, with the window's
// inputs unless it is empty and how many positions lie on inputs or padding.
template <typename Body>
void for_windows(const PoolingShape& s, const Operands& operands, const Body& body) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  const std::int64_t pixels = s.batch * s.out_h * s.out_w;
  // Few pixels, as after global pooling, are shared by channels instead.
  const std::int64_t chunks = pixels < 64 ? (s.channels + kChannelGrain - 1) / kChannelGrain : 1;
  const std::int64_t chunk = chunks == 1 ? s.channels : kChannelGrain;
  const std::int64_t bytes =
      pixels * s.channels * (s.kernel_h * s.kernel_w + 1) * std::int64_t{sizeof(float)};
  const auto units = [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t pixel = unit / chunks;
      const std::int64_t channel = unit % chunks * chunk;
      const std::int64_t y = pixel / s.out_w % s.out_h * s.stride_h - s.pad_top;
      const std::int64_t x = pixel % s.out_w * s.stride_w - s.pad_left;
      const std::int64_t image = pixel / s.out_w / s.out_h;
      const Taps rows = inside(y, s.kernel_h, s.dilation_h, 0, s.in_h);
      const Taps columns = inside(x, s.kernel_w, s.dilation_w, 0, s.in_w);
      const std::int64_t counted =
          inside(y, s.kernel_h, s.dilation_h, -s.pad_top, s.in_h + s.pad_bottom).count *
          inside(x, s.kernel_w, s.dilation_w, -s.pad_left, s.in_w + s.pad_right).count;
      PoolingF32Args args{};
      const bool empty = rows.count == 0 || columns.count == 0;
      const std::int64_t start =
          empty ? 0 : ((image * s.in_h + rows.start) * s.in_w + columns.start) * s.channels;
      args.in = in + start + channel;
      args.out = out + pixel * s.channels + channel;
      args.rows = static_cast<std::size_t>(rows.count);
      args.columns = static_cast<std::size_t>(columns.count);
      args.row_stride = static_cast<std::size_t>(s.dilation_h * s.in_w * s.channels);
      args.column_stride = static_cast<std::size_t>(s.dilation_w * s.channels);
      args.channels = static_cast<std::size_t>(std::min(chunk, s.channels - channel));
      body(args, empty, counted);
    }
  };
  parallel_slots(operands.pool, pixels * chunks, expected_stream_nanoseconds(bytes), units);
}

}  // namespace

void MaxPoolingF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  for_windows(problem.shape, operands, [&](PoolingF32Args& args, bool empty, std::int64_t) {
    if (empty) {
      std::fill_n(args.out, args.channels, -std::numeric_limits<float>::infinity());
    } else {
      row.max(args);
    }
  });
}

void MeanPoolingF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const bool with_padding = problem.kind == PoolingKind::kMeanWithPadding;
  for_windows(problem.shape, operands, [&](PoolingF32Args& args, bool empty, std::int64_t counted) {
    if (empty) {
      std::fill_n(args.out, args.channels, 0.0F);
    } else {
      const auto inputs = static_cast<std::int64_t>(args.rows * args.columns);
      args.scale = 1.0F / static_cast<float>(with_padding ? counted : inputs);
      row.average(args);
    }
  });
}

}  // namespace lathe::kernels

#include "kernels/pooling_f32.h"

#include <algorithm>
#include <limits>

#include "kernels/parallel.h"
#include "kernels/rounding.h"
#include "kernels/storage.h"

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

// The columns of the output whose windows lie all on the image.
struct Inner {
  std::int64_t begin;
  std::int64_t end;
};

Inner inner_columns(const PoolingShape& s) {
  const std::int64_t last = s.in_w - 1 - (s.kernel_w - 1) * s.dilation_w + s.pad_left;
  const std::int64_t end = last < 0 ? 0 : std::min(s.out_w, last / s.stride_w + 1);
  return {std::min(end, ceil_div(s.pad_left, s.stride_w)), end};
}

// What a body gets: the windows of some pixels of a line, unless they are empty, and how many
// positions of each lie on inputs or padding.
template <typename Stored>
struct Windows {
  PoolingF32Args<Stored> args = {};
  bool empty = false;
  std::int64_t counted = 0;
};

// `count` pixels of a line from column `x`; several only where all of their windows lie on the
// image.
template <typename Stored>
Windows<Stored> windows_of(const PoolingShape& s, const Operands& operands, std::int64_t line,
                           std::int64_t x, std::int64_t count) {
  const std::int64_t top = line % s.out_h * s.stride_h - s.pad_top;
  const std::int64_t left = x * s.stride_w - s.pad_left;
  const Taps rows = inside(top, s.kernel_h, s.dilation_h, 0, s.in_h);
  const Taps columns = inside(left, s.kernel_w, s.dilation_w, 0, s.in_w);
  Windows<Stored> windows;
  windows.empty = rows.count == 0 || columns.count == 0;
  windows.counted = inside(top, s.kernel_h, s.dilation_h, -s.pad_top, s.in_h + s.pad_bottom).count *
                    inside(left, s.kernel_w, s.dilation_w, -s.pad_left, s.in_w + s.pad_right).count;
  const std::int64_t image = line / s.out_h * s.in_h;
  const std::int64_t start =
      windows.empty ? 0 : ((image + rows.start) * s.in_w + columns.start) * s.channels;
  PoolingF32Args<Stored>& args = windows.args;
  args.in = static_cast<const Stored*>(operands.inputs[0]) + start;
  args.out = static_cast<Stored*>(operands.outputs[0]) + (line * s.out_w + x) * s.channels;
  args.rows = static_cast<std::size_t>(rows.count);
  args.columns = static_cast<std::size_t>(columns.count);
  args.row_stride = static_cast<std::size_t>(s.dilation_h * s.in_w * s.channels);
  args.column_stride = static_cast<std::size_t>(s.dilation_w * s.channels);
  args.channels = static_cast<std::size_t>(s.channels);
  args.pixels = static_cast<std::size_t>(count);
  args.pixel_step = static_cast<std::size_t>(s.stride_w * s.channels);
  args.out_step = args.channels;
  return windows;
}

// Calls body(windows) until every output pixel and channel is done.
template <typename Stored, typename Body>
void for_windows(const PoolingShape& s, const Operands& operands, const Body& body) {
  const std::int64_t lines = s.batch * s.out_h;
  const std::int64_t pixels = lines * s.out_w;
  const std::int64_t bytes =
      pixels * s.channels * (s.kernel_h * s.kernel_w + 1) * std::int64_t{sizeof(Stored)};
  const double cost = expected_stream_nanoseconds(bytes);
  // Few pixels, as after global pooling, are shared by channels instead.
  if (pixels < 64) {
    const std::int64_t chunks = ceil_div(s.channels, kChannelGrain);
    parallel_slots(operands.pool, pixels * chunks, cost,
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     for (std::int64_t i = begin; i < end; ++i) {
                       const std::int64_t pixel = i / chunks;
                       const std::int64_t channel = i % chunks * kChannelGrain;
                       auto windows =
                           windows_of<Stored>(s, operands, pixel / s.out_w, pixel % s.out_w, 1);
                       windows.args.in += channel;
                       windows.args.out += channel;
                       windows.args.channels =
                           static_cast<std::size_t>(std::min(kChannelGrain, s.channels - channel));
                       body(windows);
                     }
                   });
    return;
  }
  const Inner inner = inner_columns(s);
  parallel_slots(operands.pool, lines, cost,
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   for (std::int64_t line = begin; line < end; ++line) {
                     for (std::int64_t x = 0; x < s.out_w;) {
                       const bool together = x == inner.begin && inner.begin < inner.end;
                       const std::int64_t count = together ? inner.end - inner.begin : 1;
                       body(windows_of<Stored>(s, operands, line, x, count));
                       x += count;
                     }
                   }
                 });
}

template <typename Stored>
void run_max(const PoolingF32Problem& problem, const PoolingF32Kernel& row,
             const Operands& operands) {
  for_windows<Stored>(problem.shape, operands, [&](const Windows<Stored>& windows) {
    if (windows.empty) {
      std::fill_n(windows.args.out, windows.args.pixels * windows.args.channels,
                  store<Stored>(-std::numeric_limits<float>::infinity()));
    } else {
      row.max(windows.args);
    }
  });
}

template <typename Stored>
void run_mean(const PoolingF32Problem& problem, const PoolingF32Kernel& row,
              const Operands& operands) {
  const bool with_padding = problem.kind == PoolingKind::kMeanWithPadding;
  for_windows<Stored>(problem.shape, operands, [&](Windows<Stored> windows) {
    PoolingF32Args<Stored>& args = windows.args;
    if (windows.empty) {
      std::fill_n(args.out, args.pixels * args.channels, Stored{});
      return;
    }
    const auto inputs = static_cast<std::int64_t>(args.rows * args.columns);
    args.scale = 1.0F / static_cast<float>(with_padding ? windows.counted : inputs);
    row.average(args);
  });
}

}  // namespace

void MaxPoolingF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  with_storage(problem.storage,
               [&](auto stored) { run_max<decltype(stored)>(problem, row, operands); });
}

void MeanPoolingF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  with_storage(problem.storage,
               [&](auto stored) { run_mean<decltype(stored)>(problem, row, operands); });
}

}  // namespace lathe::kernels

// Convolution as a matrix multiplication of output pixels by output channels. Where the kernel can
// read the input as it lies, it does so through pointers to the input pixels of each tap (the
// indirect convolution algorithm, Dukhan 2019). Otherwise the inputs of a tile of pixels are
// gathered first: int8 activations, because the kernels take unsigned bytes; channels not a
// multiple of 4; and so few channels that one pointer per tap would cost more than the copy.
#include "kernels/igemm_int8/igemm_convolution_int8.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/caches.h"
#include "kernels/cost.h"
#include "kernels/igemm_int8/gather.h"
#include "kernels/igemm_int8/igemm_int8_panel.h"
#include "kernels/parallel.h"
#include "kernels/pick.h"
#include "kernels/rounding.h"

namespace lathe::kernels {
namespace {

// Fewer channels than this at several taps are gathered: setting up a tap's row pointers takes
// about as long as some steps of a kernel's inner loop.
constexpr std::int64_t kMinDirectChannels = 32;

// Activations of the pixels that share a pass over the weights. Half of a 48 KiB first level cache,
// so that a panel of weights fits beside them.
constexpr std::int64_t kBlockBytes = 24 * 1024;
constexpr std::int64_t kMaxBlockTiles = 16;

// What follows from a problem and a kernel. Made anew for each call: some divisions.
class Convolution {
 public:
  Convolution(const ConvolutionInt8Problem& problem, const IgemmInt8Kernel& kernel);

  double nanoseconds() const;
  std::size_t scratch_bytes(int threads) const {
    return static_cast<std::size_t>(threads) * thread_scratch_;
  }
  // Panels, then the zero points of a group's channels that stand for padding.
  std::size_t packed_bytes() const {
    return static_cast<std::size_t>(groups_) * group_bytes_ +
           static_cast<std::size_t>(problem_.shape.group_in_c());
  }
  void pack(const WeightsInt8& source, std::byte* packed, ThreadPool& pool) const;
  void pack_matrix(const std::uint8_t* matrix, QuantizedActivation type, float multiplier,
                   std::byte* packed, ThreadPool& pool) const;
  // `weight_zero_point`: of the signed form of weights that were packed by pack_matrix().
  void run(const Operands& operands, std::int32_t weight_zero_point = 0) const;

 private:
  struct Range {
    std::int64_t begin, end;
  };

  // Tiles `tiles` of group `group`, for its panels `panels`.
  void run_block(const Operands& operands, std::byte* scratch, std::int64_t group, Range tiles,
                 Range panels, std::int32_t weight_zero_point) const;
  std::int64_t tile_begin(std::int64_t tile) const {
    return tile * pixels_ / tiles_;  // sizes differ by one at most: no tiny last tile
  }

  const ConvolutionInt8Problem& problem_;
  const IgemmInt8Kernel& kernel_;
  InputGather gather_;
  bool strided_;  // the kernel reads rows by their distance
  bool direct_;
  std::int64_t groups_;
  std::int64_t pixels_;  // of the output, all images
  std::int64_t tiles_;
  std::int64_t block_tiles_;  // tiles that share a pass over the weights
  std::int64_t out_c_;
  std::int64_t group_out_c_;
  std::int64_t depth_;   // inputs of one output in the packed weights, a multiple of 4
  std::int64_t panels_;  // of one group
  bool half_;            // whether the last panel of a group is a half one
  std::size_t panel_bytes_ = 0;
  std::size_t group_bytes_ = 0;
  std::size_t pointer_bytes_ = 0;
  std::size_t offset_bytes_ = 0;  // of what is added to the sums of each pixel of a block
  std::size_t thread_scratch_ = 0;
};

Convolution::Convolution(const ConvolutionInt8Problem& problem, const IgemmInt8Kernel& kernel)
    : problem_(problem),
      kernel_(kernel),
      gather_(problem.shape, problem.input),
      strided_(kernel.begin != nullptr),
      direct_(!problem.input.is_signed && problem.shape.group_in_c() % kernel.depth_unit == 0 &&
              (strided_ ? problem.shape.is_pointwise()
                        : problem.shape.taps() == 1 ||
                              problem.shape.group_in_c() >= kMinDirectChannels)),
      groups_(problem.shape.groups),
      pixels_(problem.shape.out_pixels()),
      tiles_(ceil_div(pixels_, kernel.mr)),
      out_c_(problem.shape.out_c),
      group_out_c_(problem.shape.group_out_c()),
      depth_(ceil_div(problem.shape.taps() * problem.shape.group_in_c(), kernel.depth_unit) *
             kernel.depth_unit),
      panels_(ceil_div(group_out_c_, kernel.nr)),
      half_(group_out_c_ - (panels_ - 1) * kernel.nr <= kernel.nr / 2) {
  LATHE_CHECK(strided_ || kernel_.mr <= InputGather::kMaxPixels);
  const std::int64_t tile_bytes = kernel_.mr * depth_;
  // Weights that do not stay in the level 2 cache are read from farther away for each block, so
  // that blocks are then as large as their activations allow there.
  const std::int64_t cache = level2_cache_bytes();
  const std::int64_t block_bytes =
      groups_ * group_out_c_ * depth_ <= cache / 2 ? kBlockBytes : cache / 4;
  block_tiles_ = std::clamp(block_bytes / tile_bytes, std::int64_t{1}, kMaxBlockTiles);
  const std::int64_t pointers = block_tiles_ * kernel_.mr * (direct_ ? gather_.taps() : 1);
  pointer_bytes_ = static_cast<std::size_t>(pointers) * sizeof(void*);
  offset_bytes_ = static_cast<std::size_t>(block_tiles_ * kernel_.mr) * sizeof(std::int32_t);
  thread_scratch_ = pointer_bytes_ + offset_bytes_;
  // Of a tile that reads beyond the input's last pixel a copy is made too.
  const std::int64_t copied = !direct_ ? block_tiles_ : strided_ ? 1 : 0;
  if (copied > 0)
    thread_scratch_ += static_cast<std::size_t>(copied * tile_bytes) + InputGather::kSlack;
  thread_scratch_ = (thread_scratch_ + 63) / 64 * 64;
  panel_bytes_ = igemm_int8_panel_bytes(kernel_, false, depth_);
  group_bytes_ = static_cast<std::size_t>(panels_ - 1) * panel_bytes_ +
                 igemm_int8_panel_bytes(kernel_, half_, depth_);
}

double Convolution::nanoseconds() const {
  // Steps of a tile, and what its ends take, in multiply-adds of a row and channel. Tiles of AMX
  // are computed whole or by halves.
  const auto tile_pixels = static_cast<double>(ceil_div(pixels_, tiles_));
  const double least = strided_ ? 16 : 5;
  const double rows = strided_ ? (tile_pixels > 16 ? 32 : 16) : std::max(tile_pixels, least);
  const double ends = strided_ ? 250 : 40;
  const double channels =
      static_cast<double>((panels_ - (half_ ? 1 : 0)) * kernel_.nr + (half_ ? kernel_.nr / 2 : 0));
  const double work = static_cast<double>(groups_ * tiles_) * rows * channels *
                      (static_cast<double>(depth_) + ends) / expected_int8_rate(kernel_.isa);
  const double weights = expected_weights_nanoseconds(static_cast<std::int64_t>(packed_bytes()),
                                                      ceil_div(tiles_, block_tiles_));
  const double copies =
      direct_ ? 0
              : static_cast<double>(groups_ * pixels_ * depth_) / 32;  // 32 bytes in a nanosecond
  return std::max(work, weights) + copies;
}

void Convolution::pack(const WeightsInt8& source, std::byte* packed, ThreadPool& pool) const {
  const std::int64_t taps = problem_.shape.taps();
  const std::int64_t channels = problem_.shape.group_in_c();
  const std::vector<std::int32_t> zeros(source.bias.empty() ? static_cast<std::size_t>(out_c_) : 0);
  const std::span<const std::int32_t> bias = source.bias.empty() ? zeros : source.bias;
  const auto pack_panel = [&](std::int64_t g, std::int64_t p, std::vector<std::int8_t>& rows) {
    const std::int64_t first = g * group_out_c_ + p * kernel_.nr;
    const auto count =
        static_cast<std::size_t>(std::min<std::int64_t>(kernel_.nr, group_out_c_ - p * kernel_.nr));
    // From [out_c][in_c][tap] to [out_c][tap][in_c], the order in which inputs are read.
    const std::int8_t* channel = source.weights.data() + first * taps * channels;
    for (std::size_t c = 0; c < count; ++c, channel += taps * channels) {
      std::int8_t* row = rows.data() + static_cast<std::int64_t>(c) * taps * channels;
      for (std::int64_t t = 0; t < taps; ++t) {
        for (std::int64_t i = 0; i < channels; ++i) *row++ = channel[i * taps + t];
      }
    }
    const auto from = static_cast<std::size_t>(first);
    pack_igemm_int8_panel(kernel_, half_ && p == panels_ - 1,
                          {std::span(rows).first(count * static_cast<std::size_t>(taps * channels)),
                           bias.subspan(from, count), source.multipliers.subspan(from, count),
                           depth_, problem_.input.unsigned_zero_point()},
                          packed + static_cast<std::size_t>(g) * group_bytes_ +
                              static_cast<std::size_t>(p) * panel_bytes_);
  };
  parallel_slots(
      pool, groups_ * panels_, expected_mac_nanoseconds(out_c_ * taps * channels, Isa::kScalar),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        std::vector<std::int8_t> rows(static_cast<std::size_t>(kernel_.nr * taps * channels));
        for (std::int64_t i = begin; i < end; ++i) pack_panel(i / panels_, i % panels_, rows);
      });
  std::memset(packed + static_cast<std::size_t>(groups_) * group_bytes_,
              static_cast<std::uint8_t>(problem_.input.zero_point),
              static_cast<std::size_t>(channels));
}

void Convolution::pack_matrix(const std::uint8_t* matrix, QuantizedActivation type,
                              float multiplier, std::byte* packed, ThreadPool& pool) const {
  const std::int64_t depth = problem_.shape.in_c;
  parallel_slots(pool, panels_, expected_stream_nanoseconds(8 * depth * out_c_),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   for (std::int64_t p = begin; p < end; ++p) {
                     const std::int64_t first = p * kernel_.nr;
                     pack_igemm_int8_columns(kernel_, half_ && p == panels_ - 1,
                                             {matrix + first, depth, out_c_,
                                              std::min<std::int64_t>(kernel_.nr, out_c_ - first),
                                              // Signed bytes are the kernel's form of weights.
                                              type.is_signed ? std::uint8_t{0} : std::uint8_t{0x80},
                                              multiplier, problem_.input.unsigned_zero_point()},
                                             packed + static_cast<std::size_t>(p) * panel_bytes_);
                   }
                 });
}

// - weight_zero_point * sum of (x - zero_point) over a row of `count` bytes, modulo 2^32.
std::int32_t row_offset(const std::uint8_t* row, std::int64_t count, std::int32_t zero_point,
                        std::int32_t weight_zero_point) {
  std::uint32_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += row[i];
  sum -= static_cast<std::uint32_t>(count) * static_cast<std::uint32_t>(zero_point);
  return static_cast<std::int32_t>(0 - static_cast<std::uint32_t>(weight_zero_point) * sum);
}

void Convolution::run_block(const Operands& operands, std::byte* scratch, std::int64_t group,
                            Range tiles, Range panels, std::int32_t weight_zero_point) const {
  const auto* const in = static_cast<const std::uint8_t*>(operands.inputs[0]);
  auto* const out = static_cast<std::byte*>(operands.outputs[0]);
  const std::byte* const weights =
      operands.weights + static_cast<std::size_t>(group) * group_bytes_;
  auto** const rows = reinterpret_cast<const std::uint8_t**>(scratch);
  auto* const offsets = reinterpret_cast<std::int32_t*>(scratch + pointer_bytes_);
  auto* const gathered = reinterpret_cast<std::uint8_t*>(scratch + pointer_bytes_ + offset_bytes_);
  const std::int64_t first = tile_begin(tiles.begin);
  const std::int64_t count = tile_begin(tiles.end) - first;
  const std::int64_t taps = direct_ ? gather_.taps() : 1;
  if (direct_) {
    const auto* padding = reinterpret_cast<const std::uint8_t*>(
        operands.weights + static_cast<std::size_t>(groups_) * group_bytes_);
    for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
      const std::int64_t begin = tile_begin(t);
      gather_.point(in, padding, group, begin, tile_begin(t + 1) - begin,
                    rows + (begin - first) * taps);
    }
  } else {
    gather_.copy(in, group, first, count, depth_, gathered);
    for (std::int64_t i = 0; i < count; ++i) rows[i] = gathered + i * depth_;
  }

  if (weight_zero_point != 0) {  // of a matrix, whose pixels have one tap
    for (std::int64_t i = 0; i < count; ++i) {
      offsets[i] = row_offset(rows[i], problem_.shape.in_c, problem_.input.unsigned_zero_point(),
                              weight_zero_point);
    }
  }

  IgemmInt8Args args{};
  args.row_stride = static_cast<std::size_t>(direct_ ? problem_.shape.in_c : depth_);
  args.taps = static_cast<std::size_t>(taps);
  args.quads = static_cast<std::size_t>(depth_ / taps / 4);
  args.float_output = problem_.float_output;
  if (!args.float_output)
    args.requantize = requantize_args(problem_.output, problem_.min, problem_.max);
  const std::int64_t value_bytes = args.float_output ? sizeof(float) : 1;
  args.out_stride = static_cast<std::size_t>(out_c_ * value_bytes);
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    args.panel = weights + static_cast<std::size_t>(p) * panel_bytes_;
    const std::int64_t left = group_out_c_ - p * kernel_.nr;
    args.half = left <= kernel_.nr / 2;
    args.channels = static_cast<std::size_t>(std::min<std::int64_t>(left, kernel_.nr));
    const std::int64_t channel = group * group_out_c_ + p * kernel_.nr;
    for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
      const std::int64_t begin = tile_begin(t);
      args.row_count = static_cast<std::size_t>(tile_begin(t + 1) - begin);
      args.rows = rows + (begin - first) * taps;
      if (weight_zero_point != 0) args.row_offsets = offsets + (begin - first);
      args.out = out + (begin * out_c_ + channel) * value_bytes;
      if (strided_ && direct_ && begin + kernel_.mr > pixels_) {
        gather_.copy(in, group, begin, tile_begin(t + 1) - begin, depth_, gathered);
        IgemmInt8Args last = args;
        const std::uint8_t* const row = gathered;
        last.rows = &row;
        last.row_stride = static_cast<std::size_t>(depth_);
        kernel_.function(last);
      } else {
        kernel_.function(args);
      }
    }
  }
}

void Convolution::run(const Operands& operands, std::int32_t weight_zero_point) const {
  // Threads share the tiles or the panels, whichever leaves less of the last turn idle.
  const auto idle = [threads = operands.pool.threads()](std::int64_t items) {
    const std::int64_t turns = ceil_div(items, threads);
    return static_cast<double>(turns * threads) / static_cast<double>(items);
  };
  const bool by_tiles = idle(groups_ * tiles_) <= idle(groups_ * panels_);
  const std::int64_t per_group = by_tiles ? tiles_ : panels_;
  const auto share_out = [&](std::int64_t slot, std::int64_t first, std::int64_t end) {
    std::byte* const own = static_cast<std::byte*>(operands.scratch) +
                           static_cast<std::size_t>(slot) * thread_scratch_;
    if (kernel_.begin != nullptr) kernel_.begin();
    for (std::int64_t item = first; item < end;) {
      const std::int64_t group = item / per_group;
      const std::int64_t stop = std::min(end, (group + 1) * per_group);
      const Range share{item - group * per_group, stop - group * per_group};
      const Range tiles = by_tiles ? share : Range{0, tiles_};
      const Range panels = by_tiles ? Range{0, panels_} : share;
      for (std::int64_t t = tiles.begin; t < tiles.end; t += block_tiles_) {
        run_block(operands, own, group, {t, std::min(t + block_tiles_, tiles.end)}, panels,
                  weight_zero_point);
      }
      item = stop;
    }
    if (kernel_.end != nullptr) kernel_.end();
  };
  parallel_slots(operands.pool, groups_ * per_group,
                 expected_mac_nanoseconds(problem_.shape.macs(), kernel_.isa) / 2, share_out);
}

}  // namespace

double IgemmConvolutionInt8::nanoseconds(const Problem& problem, const Row& row) {
  return Convolution(problem, row).nanoseconds();
}

std::size_t IgemmConvolutionInt8::packed_bytes(const Problem& problem, const Row& row) {
  return Convolution(problem, row).packed_bytes();
}

void IgemmConvolutionInt8::pack(const Problem& problem, const Row& row, const Weights& weights,
                                std::byte* packed, ThreadPool& pool) {
  Convolution(problem, row).pack(weights, packed, pool);
}

std::size_t IgemmConvolutionInt8::scratch_bytes(const Problem& problem, const Row& row,
                                                int threads) {
  return Convolution(problem, row).scratch_bytes(threads);
}

void IgemmConvolutionInt8::run(const Problem& problem, const Row& row, const Operands& operands) {
  Convolution(problem, row).run(operands);
}

void IgemmConvolutionInt8::pack_matrix(const Problem& problem, const Row& row,
                                       const std::uint8_t* matrix, QuantizedActivation matrix_type,
                                       float multiplier, std::byte* packed, ThreadPool& pool) {
  Convolution(problem, row).pack_matrix(matrix, matrix_type, multiplier, packed, pool);
}

void IgemmConvolutionInt8::run_matrix(const Problem& problem, const Row& row,
                                      QuantizedActivation matrix_type, const Operands& operands) {
  const std::int32_t zero_point = matrix_type.unsigned_zero_point() - 128;
  Convolution(problem, row).run(operands, zero_point);
}

}  // namespace lathe::kernels

// Convolution as a matrix multiplication of output pixels by output channels. Where the kernel can
// read the input as it lies, it does so through pointers to the input pixels of each tap (the
// indirect convolution algorithm, Dukhan 2019). Otherwise the inputs of a tile of pixels are
// gathered first: int8 activations, because the kernels take unsigned bytes; channels not a
// multiple of 4; and so few channels that one pointer per tap would cost more than the copy.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/convolution_int8_layer.h"
#include "kernels/igemm_int8/gather.h"
#include "kernels/igemm_int8/igemm_int8_panel.h"
#include "kernels/parallel.h"
#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

// Fewer channels than this at several taps are gathered: setting up a tap's row pointers takes
// about as long as four steps of a kernel's inner loop.
constexpr std::int64_t kMinDirectChannels = 16;

// Activations of the pixels that share a pass over the weights. Half of a 48 KiB first level cache,
// so that a panel of weights fits beside them.
constexpr std::int64_t kBlockBytes = 24 * 1024;
constexpr std::int64_t kMaxBlockTiles = 16;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

class IgemmConvolutionInt8 final : public ConvolutionInt8 {
 public:
  IgemmConvolutionInt8(const ConvolutionInt8Layer& layer, const IgemmInt8Kernel& kernel);

  [[nodiscard]] std::size_t scratch_bytes(int threads) const override {
    return static_cast<std::size_t>(threads) * thread_scratch_ + alignof(std::max_align_t);
  }
  [[nodiscard]] std::size_t packed_bytes() const override { return packed_.size(); }
  [[nodiscard]] const char* kernel_name() const override { return kernel_.name; }
  void run(const void* in, void* out, void* scratch, ThreadPool& pool) const override;

 private:
  struct Range {
    std::int64_t begin, end;
  };

  void pack(const ConvolutionInt8Layer& layer);
  // Tiles `tiles` of group `group`, for its panels `panels`.
  void run_block(const std::uint8_t* in, std::byte* out, std::byte* scratch, std::int64_t group,
                 Range tiles, Range panels) const;
  [[nodiscard]] std::int64_t tile_begin(std::int64_t tile) const {
    return tile * pixels_ / tiles_;  // sizes differ by one at most: no tiny last tile
  }

  IgemmInt8Kernel kernel_;
  InputGather gather_;
  bool direct_;
  bool float_output_;
  RequantizeArgs requantize_;
  double nanoseconds_;  // expected on one thread
  std::int64_t groups_;
  std::int64_t pixels_;  // of the output, all images
  std::int64_t tiles_;
  std::int64_t block_tiles_;  // tiles that share a pass over the weights
  std::int64_t out_c_;
  std::int64_t group_out_c_;
  std::int64_t depth_;   // inputs of one output in the packed weights, a multiple of 4
  std::int64_t panels_;  // of one group
  std::size_t panel_bytes_ = 0;
  std::size_t group_bytes_ = 0;
  std::size_t pointer_bytes_ = 0;
  std::size_t thread_scratch_ = 0;
  AlignedBuffer<std::byte> packed_;
};

IgemmConvolutionInt8::IgemmConvolutionInt8(const ConvolutionInt8Layer& layer,
                                           const IgemmInt8Kernel& kernel)
    : kernel_(kernel),
      gather_(layer.shape, layer.input),
      direct_(!layer.input.is_signed && layer.shape.group_in_c() % 4 == 0 &&
              (layer.shape.taps() == 1 || layer.shape.group_in_c() >= kMinDirectChannels)),
      float_output_(layer.float_output),
      requantize_(layer.requantize),
      nanoseconds_(expected_mac_nanoseconds(layer.shape.macs(), kernel.isa) / 2),
      groups_(layer.shape.groups),
      pixels_(layer.shape.out_pixels()),
      tiles_(ceil_div(pixels_, kernel.mr)),
      out_c_(layer.shape.out_c),
      group_out_c_(layer.shape.group_out_c()),
      depth_(ceil_div(layer.shape.taps() * layer.shape.group_in_c(), 4) * 4),
      panels_(ceil_div(group_out_c_, kernel.nr)) {
  const std::int64_t tile_bytes = kernel_.mr * depth_;
  block_tiles_ = std::clamp(kBlockBytes / tile_bytes, std::int64_t{1}, kMaxBlockTiles);
  LATHE_CHECK(kernel_.mr <= InputGather::kMaxPixels);
  const std::int64_t pointers = block_tiles_ * kernel_.mr * (direct_ ? gather_.taps() : 1);
  pointer_bytes_ = static_cast<std::size_t>(pointers) * sizeof(void*);
  thread_scratch_ = pointer_bytes_;
  if (!direct_) {
    thread_scratch_ += static_cast<std::size_t>(block_tiles_ * tile_bytes) + InputGather::kSlack;
  }
  thread_scratch_ = (thread_scratch_ + 63) / 64 * 64;
  pack(layer);
}

void IgemmConvolutionInt8::pack(const ConvolutionInt8Layer& layer) {
  const bool half = group_out_c_ - (panels_ - 1) * kernel_.nr <= kernel_.nr / 2;
  panel_bytes_ = igemm_int8_panel_bytes(kernel_, false, depth_);
  group_bytes_ = static_cast<std::size_t>(panels_ - 1) * panel_bytes_ +
                 igemm_int8_panel_bytes(kernel_, half, depth_);
  packed_ = AlignedBuffer<std::byte>(static_cast<std::size_t>(groups_) * group_bytes_);

  const std::int64_t taps = layer.shape.taps();
  const std::int64_t channels = layer.shape.group_in_c();
  std::vector<std::int8_t> rows(static_cast<std::size_t>(kernel_.nr * taps * channels));
  for (std::int64_t g = 0; g < groups_; ++g) {
    for (std::int64_t p = 0; p < panels_; ++p) {
      const std::int64_t first = g * group_out_c_ + p * kernel_.nr;
      const auto count = static_cast<std::size_t>(
          std::min<std::int64_t>(kernel_.nr, group_out_c_ - p * kernel_.nr));
      // From [out_c][in_c][tap] to [out_c][tap][in_c], the order in which inputs are read.
      const std::int8_t* source = layer.weights.data() + first * taps * channels;
      for (std::size_t c = 0; c < count; ++c, source += taps * channels) {
        std::int8_t* row = rows.data() + static_cast<std::int64_t>(c) * taps * channels;
        for (std::int64_t t = 0; t < taps; ++t) {
          for (std::int64_t i = 0; i < channels; ++i) *row++ = source[i * taps + t];
        }
      }
      const auto from = static_cast<std::size_t>(first);
      pack_igemm_int8_panel(
          kernel_, half && p == panels_ - 1,
          {std::span(rows).first(count * static_cast<std::size_t>(taps * channels)),
           layer.bias.subspan(from, count), layer.multipliers.subspan(from, count), depth_,
           layer.input.unsigned_zero_point()},
          packed_.data() + static_cast<std::size_t>(g) * group_bytes_ +
              static_cast<std::size_t>(p) * panel_bytes_);
    }
  }
}

void IgemmConvolutionInt8::run_block(const std::uint8_t* in, std::byte* out, std::byte* scratch,
                                     std::int64_t group, Range tiles, Range panels) const {
  auto** const rows = reinterpret_cast<const std::uint8_t**>(scratch);
  auto* const gathered = reinterpret_cast<std::uint8_t*>(scratch + pointer_bytes_);
  const std::int64_t first = tile_begin(tiles.begin);
  const std::int64_t count = tile_begin(tiles.end) - first;
  const std::int64_t taps = direct_ ? gather_.taps() : 1;
  if (direct_) {
    for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
      const std::int64_t begin = tile_begin(t);
      gather_.point(in, group, begin, tile_begin(t + 1) - begin, rows + (begin - first) * taps);
    }
  } else {
    gather_.copy(in, group, first, count, depth_, gathered);
    for (std::int64_t i = 0; i < count; ++i) rows[i] = gathered + i * depth_;
  }

  IgemmInt8Args args{};
  args.taps = static_cast<std::size_t>(taps);
  args.quads = static_cast<std::size_t>(depth_ / taps / 4);
  args.float_output = float_output_;
  args.requantize = requantize_;
  const std::int64_t value_bytes = float_output_ ? sizeof(float) : 1;
  args.out_stride = static_cast<std::size_t>(out_c_ * value_bytes);
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    args.panel = packed_.data() + static_cast<std::size_t>(group) * group_bytes_ +
                 static_cast<std::size_t>(p) * panel_bytes_;
    const std::int64_t left = group_out_c_ - p * kernel_.nr;
    args.half = left <= kernel_.nr / 2;
    args.channels = static_cast<std::size_t>(std::min<std::int64_t>(left, kernel_.nr));
    const std::int64_t channel = group * group_out_c_ + p * kernel_.nr;
    for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
      const std::int64_t begin = tile_begin(t);
      args.row_count = static_cast<std::size_t>(tile_begin(t + 1) - begin);
      args.rows = rows + (begin - first) * taps;
      args.out = out + (begin * out_c_ + channel) * value_bytes;
      kernel_.function(args);
    }
  }
}

void IgemmConvolutionInt8::run(const void* in, void* out, void* scratch, ThreadPool& pool) const {
  const auto* input = static_cast<const std::uint8_t*>(in);
  auto* output = static_cast<std::byte*>(out);
  const auto address = reinterpret_cast<std::uintptr_t>(scratch);
  auto* const aligned = static_cast<std::byte*>(scratch) + (-address % alignof(std::max_align_t));

  // Threads share the tiles or the panels, whichever leaves less of the last turn idle.
  const auto idle = [threads = pool.threads()](std::int64_t items) {
    const std::int64_t turns = ceil_div(items, threads);
    return static_cast<double>(turns * threads) / static_cast<double>(items);
  };
  const bool by_tiles = idle(groups_ * tiles_) <= idle(groups_ * panels_);
  const std::int64_t per_group = by_tiles ? tiles_ : panels_;
  const auto share_out = [&](std::int64_t slot, std::int64_t first, std::int64_t end) {
    std::byte* const own = aligned + static_cast<std::size_t>(slot) * thread_scratch_;
    for (std::int64_t item = first; item < end;) {
      const std::int64_t group = item / per_group;
      const std::int64_t stop = std::min(end, (group + 1) * per_group);
      const Range share{item - group * per_group, stop - group * per_group};
      const Range tiles = by_tiles ? share : Range{0, tiles_};
      const Range panels = by_tiles ? Range{0, panels_} : share;
      for (std::int64_t t = tiles.begin; t < tiles.end; t += block_tiles_) {
        run_block(input, output, own, group, {t, std::min(t + block_tiles_, tiles.end)}, panels);
      }
      item = stop;
    }
  };
  parallel_slots(pool, groups_ * per_group, nanoseconds_, share_out);
}

}  // namespace

std::unique_ptr<ConvolutionInt8> create_igemm_convolution_int8(const ConvolutionInt8Layer& layer,
                                                               Isa isa) {
  return std::make_unique<IgemmConvolutionInt8>(layer, pick(kIgemmInt8Kernels, isa));
}

}  // namespace lathe::kernels

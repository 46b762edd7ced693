#include "kernels/depthwise_f32/convolution.h"

#include <algorithm>

#include "kernels/aligned_buffer.h"
#include "kernels/depthwise_f32/kernels.h"
#include "kernels/indirection.h"
#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

// Output pixels whose pointers are laid out at once: enough to forget the cost of finding where a
// block starts, few enough that the pointers of a 5x5 kernel stay in the level 1 cache.
constexpr std::int64_t kBlockPixels = 64;

class DepthwiseConvolutionF32 final : public ConvolutionF32 {
 public:
  DepthwiseConvolutionF32(const ConvolutionShape& shape, std::span<const float> weights,
                          std::span<const float> bias, ClampF32 clamp, Isa isa)
      : view_(shape),
        clamp_(clamp),
        isa_(isa),
        multiplier_(shape.group_out_c()),
        channel_pitch_((shape.out_c + 15) / 16 * 16),
        kernel_(&pick_depthwise_f32(isa)),
        weights_(static_cast<std::size_t>((1 + shape.taps()) * channel_pitch_)),
        zeros_(static_cast<std::size_t>(shape.out_c)) {
    view_.in_c = view_.groups = shape.out_c;
    for (std::int64_t c = 0; c < shape.out_c; ++c) {
      float* target = weights_.data() + c;
      if (!bias.empty()) *target = bias[static_cast<std::size_t>(c)];
      for (std::int64_t tap = 0; tap < shape.taps(); ++tap) {
        target[(1 + tap) * channel_pitch_] =
            weights[static_cast<std::size_t>(c * shape.taps() + tap)];
      }
    }
  }

  std::size_t scratch_bytes(int threads) const override {
    return copy_bytes() + static_cast<std::size_t>(threads) * slot_bytes();
  }
  std::size_t packed_bytes() const override { return weights_.size_bytes() + zeros_.size_bytes(); }
  const char* kernel_name() const override { return kernel_->name; }

  void run(const float* in, const float* residual, float* out, void* scratch,
           ThreadPool& pool) const override {
    if (multiplier_ > 1) {
      auto* copy = static_cast<float*>(scratch);
      repeat_channels(in, copy, pool);
      in = copy;
    }
    auto* pointers = static_cast<std::byte*>(scratch) + copy_bytes();
    // Whole groups of pixels that share weights, so that only the last one is short.
    const std::int64_t groups = (view_.out_pixels() + kGroupPixels - 1) / kGroupPixels;
    parallel_slots(pool, groups, expected_nanoseconds(),
                   [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
                     auto** rows = reinterpret_cast<const float**>(
                         pointers + static_cast<std::size_t>(slot) * slot_bytes());
                     run_pixels(in, residual, out, rows, begin * kGroupPixels,
                                std::min(end * kGroupPixels, view_.out_pixels()));
                   });
  }

 private:
  static constexpr std::int64_t kGroupPixels = 4;

  // The channels of one pixel cost about as much to load as to multiply.
  double expected_nanoseconds() const {
    return 2 * expected_mac_nanoseconds(view_.out_pixels() * view_.taps() * view_.out_c, isa_);
  }
  std::size_t slot_bytes() const {
    return static_cast<std::size_t>(view_.taps() * kBlockPixels) * sizeof(float*);
  }
  std::size_t copy_bytes() const {
    if (multiplier_ == 1) return 0;
    const auto floats =
        static_cast<std::size_t>(view_.batch * view_.in_h * view_.in_w * view_.in_c);
    return (floats * sizeof(float) + 63) / 64 * 64;
  }

  // Input channel c becomes channels c * multiplier and the following ones.
  void repeat_channels(const float* in, float* copy, ThreadPool& pool) const {
    const std::int64_t channels = view_.in_c / multiplier_;
    const std::int64_t pixels = view_.batch * view_.in_h * view_.in_w;
    parallel_slots(pool, pixels, expected_stream_nanoseconds(pixels * view_.in_c * 8),
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     float* target = copy + begin * view_.in_c;
                     for (std::int64_t i = begin * channels; i < end * channels; ++i) {
                       target = std::fill_n(target, multiplier_, in[i]);
                     }
                   });
  }

  void run_pixels(const float* in, const float* residual, float* out, const float** rows,
                  std::int64_t begin, std::int64_t end) const {
    DepthwiseF32Args args{};
    args.rows = rows;
    args.row_pitch = kBlockPixels;
    args.taps = static_cast<std::size_t>(view_.taps());
    args.channels = static_cast<std::size_t>(view_.out_c);
    args.channel_pitch = static_cast<std::size_t>(channel_pitch_);
    args.weights = weights_.data();
    args.min = clamp_.min;
    args.max = clamp_.max;
    for (std::int64_t first = begin; first < end; first += kBlockPixels) {
      const std::int64_t count = std::min(kBlockPixels, end - first);
      fill_indirection(view_, in, zeros_.data(), first, count, kBlockPixels, rows);
      args.residual = residual == nullptr ? nullptr : residual + first * view_.out_c;
      args.out = out + first * view_.out_c;
      args.pixel_count = static_cast<std::size_t>(count);
      kernel_->function(args);
    }
  }

  ConvolutionShape view_;  // as if every output channel had an input channel of its own
  ClampF32 clamp_;
  Isa isa_;
  std::int64_t multiplier_;
  std::int64_t channel_pitch_;
  const DepthwiseF32Kernel* kernel_;
  AlignedBuffer<float> weights_;  // [1 + taps][channel_pitch], biases first
  AlignedBuffer<float> zeros_;
};

}  // namespace

std::unique_ptr<ConvolutionF32> create_depthwise_convolution_f32(const ConvolutionShape& shape,
                                                                 std::span<const float> weights,
                                                                 std::span<const float> bias,
                                                                 ClampF32 clamp, Isa isa) {
  return std::make_unique<DepthwiseConvolutionF32>(shape, weights, bias, clamp, isa);
}

}  // namespace lathe::kernels

#include "kernels/depthwise_f32/depthwise_convolution_f32.h"

#include <algorithm>

#include "kernels/cost.h"
#include "kernels/parallel.h"
#include "kernels/rounding.h"
#include "kernels/storage.h"

namespace lathe::kernels {
namespace {

// Channels at a time where the weights of all would push the input out of the level 1 cache: a
// multiple of every kernel's vectors.
constexpr std::int64_t kChunkChannels = 128;
constexpr std::size_t kMostWeightBytes = 16 * 1024;

// Rows of a block, and the lines of the image that the largest one reads.
constexpr std::int64_t kBlockRows = 2;
constexpr std::int64_t kMostLines = 5 + 2;

// What follows from a problem and a kernel. Made anew for each call.
template <typename Stored>
class Convolution {
 public:
  Convolution(const ConvolutionF32Problem& problem, const DepthwiseF32Kernel& kernel)
      : view_(problem.shape),
        clamp_(problem.clamp),
        group_(view_.group_in_c()),
        multiplier_(view_.group_out_c() / group_),
        channel_pitch_((view_.out_c + 15) / 16 * 16),
        chunk_(packed_bytes() > kMostWeightBytes ? kChunkChannels / (group_ > 1 ? 2 : 1)
                                                 : view_.out_c),
        kernel_(kernel) {
    view_.in_c = view_.out_c;
    view_.groups = view_.out_c / group_;
  }

  // Of whole vectors.
  double nanoseconds() const {
    const std::int64_t lanes = kernel_.isa.has(Isa::kAvx512) ? 16
                               : kernel_.isa.has(Isa::kAvx2) ? 8
                               : kernel_.isa.has(Isa::kNeon) ? 4
                                                             : 1;
    const double rate = expected_f32_rate(kernel_.isa) * peak_share(lanes);
    return static_cast<double>(view_.out_pixels() * taps() * round_up(view_.out_c, lanes)) / rate;
  }
  std::size_t scratch_bytes(int threads) const {
    return copy_bytes() + static_cast<std::size_t>(threads) * slot_bytes();
  }
  std::size_t packed_bytes() const {
    return static_cast<std::size_t>((1 + taps()) * channel_pitch_) * sizeof(float);
  }

  // [1 + taps * group][channel_pitch], biases first, of each tap the group's channels one after
  // the other; weights rounded to bfloat16 or not.
  void pack(const WeightsF32& source, bool rounded, float* packed) const {
    for (std::int64_t c = 0; c < view_.out_c; ++c) {
      float* target = packed + c;
      if (!source.bias.empty()) *target = source.bias[static_cast<std::size_t>(c)];
      for (std::int64_t i = 0; i < taps(); ++i) {
        const std::int64_t from = c * taps() + i % group_ * view_.taps() + i / group_;
        const float weight = source.weights[static_cast<std::size_t>(from)];
        target[(1 + i) * channel_pitch_] = rounded ? load(store<BFloat16>(weight)) : weight;
      }
    }
  }

  void run(const Stored* in, const Stored* residual, Stored* out, const float* packed,
           void* scratch, ThreadPool& pool) const {
    if (multiplier_ > 1) {
      auto* copy = static_cast<Stored*>(scratch);
      repeat_channels(in, copy, pool);
      in = copy;
    }
    auto* slots = static_cast<std::byte*>(scratch) + copy_bytes();
    const std::int64_t units = ceil_div(view_.out_h, kBlockRows);  // of an image
    const std::int64_t chunks = ceil_div(view_.out_c, chunk_);
    parallel_slots(
        pool, chunks * view_.batch * units, expected_nanoseconds(),
        [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
          auto* taps =
              reinterpret_cast<Tap*>(slots + static_cast<std::size_t>(slot) * slot_bytes());
          for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t unit = i % (view_.batch * units);
            const std::int64_t y = unit % units * kBlockRows;
            run_rows({in, residual, out, packed}, taps, unit / units * view_.out_h + y,
                     std::min(kBlockRows, view_.out_h - y), i / (view_.batch * units) * chunk_);
          }
        });
  }

 private:
  using Tap = DepthwiseF32Tap<Stored>;

  struct Tensors {
    const Stored* in;
    const Stored* residual;
    Stored* out;
    const float* packed;
  };

  // Products of an output element.
  std::int64_t taps() const { return view_.taps() * group_; }
  // The channels of one pixel cost about as much to load as to multiply.
  double expected_nanoseconds() const {
    return 2 * expected_mac_nanoseconds(view_.out_pixels() * taps() * view_.out_c, kernel_.isa);
  }
  std::size_t slot_bytes() const { return static_cast<std::size_t>(view_.taps()) * sizeof(Tap); }
  std::size_t copy_bytes() const {
    if (multiplier_ == 1) return 0;
    const auto elements =
        static_cast<std::size_t>(view_.batch * view_.in_h * view_.in_w * view_.in_c);
    return (elements * sizeof(Stored) + 63) / 64 * 64;
  }

  // Input channel c becomes channels c * multiplier and the following ones.
  void repeat_channels(const Stored* in, Stored* copy, ThreadPool& pool) const {
    const std::int64_t channels = view_.in_c / multiplier_;
    const std::int64_t pixels = view_.batch * view_.in_h * view_.in_w;
    parallel_slots(pool, pixels, expected_stream_nanoseconds(pixels * view_.in_c * 8),
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     Stored* target = copy + begin * view_.in_c;
                     for (std::int64_t i = begin * channels; i < end * channels; ++i) {
                       target = std::fill_n(target, multiplier_, in[i]);
                     }
                   });
  }

  // Measured. Windows that share what they read take less than those that do not; a group narrower
  // than a vector is spread over it by a permutation, the cheapest ones within 4 channels.
  double peak_share(std::int64_t lanes) const {
    if (has_blocks()) return 0.7;
    if (group_ == 4) return 0.5;
    if (group_ == 8) return lanes > 8 ? 0.3 : 0.7;
    return 0.35;
  }

  bool has_blocks() const {
    return kernel_.block.of_f32 != nullptr && group_ == 1 &&
           (view_.kernel_h == 3 || view_.kernel_h == 5) && view_.kernel_w == view_.kernel_h &&
           view_.stride_w == view_.stride_h && view_.stride_h <= 2 && view_.dilation_h == 1 &&
           view_.dilation_w == 1;
  }

  // One or two rows of a chunk of the output: their inner pixels, whose taps lie all inside of the
  // image's width, in one run, those at its borders one by one.
  void run_rows(const Tensors& tensors, Tap* taps, std::int64_t row, std::int64_t rows,
                std::int64_t channel) const {
    const std::int64_t reach = (view_.kernel_w - 1) * view_.dilation_w;
    const std::int64_t last = view_.in_w - 1 - reach + view_.pad_left;  // of x * stride_w
    const std::int64_t inner_end = last < 0 ? 0 : std::min(view_.out_w, last / view_.stride_w + 1);
    const std::int64_t inner = std::min(inner_end, ceil_div(view_.pad_left, view_.stride_w));
    for (std::int64_t x = 0; x < view_.out_w;) {
      const std::int64_t count = x == inner && inner < inner_end ? inner_end - inner : 1;
      if (count > 1 && has_blocks()) {
        run_block(tensors, row, rows, x, count, channel);
      } else {
        for (std::int64_t i = 0; i < rows; ++i)
          run_pixels(tensors, taps, row + i, x, count, channel);
      }
      x += count;
    }
  }

  void run_block(const Tensors& tensors, std::int64_t row, std::int64_t rows, std::int64_t x,
                 std::int64_t count, std::int64_t channel) const {
    const std::int64_t at = (row * view_.out_w + x) * view_.out_c + channel;
    const std::int64_t top = row % view_.out_h * view_.stride_h - view_.pad_top;
    const std::int64_t left = x * view_.stride_w - view_.pad_left;
    const Stored* image =
        tensors.in + row / view_.out_h * view_.in_h * view_.in_w * view_.in_c + channel;
    const Stored* lines[kMostLines];
    for (std::int64_t y = 0; y < view_.kernel_h + (rows - 1) * view_.stride_h; ++y) {
      const std::int64_t in_y = top + y;
      const bool on_image = in_y >= 0 && in_y < view_.in_h;
      lines[y] = on_image ? image + (in_y * view_.in_w + left) * view_.in_c : nullptr;
    }
    DepthwiseF32BlockArgs<Stored> args{};
    args.kernel = static_cast<int>(view_.kernel_h);
    args.stride = static_cast<int>(view_.stride_h);
    args.rows = static_cast<int>(rows);
    args.lines = lines;
    args.pixel_step = static_cast<std::size_t>(view_.in_c);
    args.channels = static_cast<std::size_t>(std::min(chunk_, view_.out_c - channel));
    args.bias = tensors.packed + channel;
    args.weights = tensors.packed + channel_pitch_ + channel;
    args.weight_pitch = static_cast<std::size_t>(channel_pitch_);
    args.residual = tensors.residual == nullptr ? nullptr : tensors.residual + at;
    args.out = tensors.out + at;
    args.out_step = static_cast<std::size_t>(view_.out_c);
    args.out_row_step = static_cast<std::size_t>(view_.out_w * view_.out_c);
    args.pixel_count = static_cast<std::size_t>(count);
    args.min = clamp_.min;
    args.max = clamp_.max;
    kernel_.block(args);
  }

  void run_pixels(const Tensors& tensors, Tap* taps, std::int64_t row, std::int64_t x,
                  std::int64_t count, std::int64_t channel) const {
    const std::int64_t at = (row * view_.out_w + x) * view_.out_c + channel;
    DepthwiseF32Args<Stored> args{};
    args.taps = taps;
    args.tap_count = fill_taps(tensors.in + channel, tensors.packed + channel, taps, row, x);
    args.group = static_cast<std::size_t>(group_);
    args.weight_pitch = static_cast<std::size_t>(channel_pitch_);
    args.pixel_step = static_cast<std::size_t>(view_.stride_w * view_.in_c);
    args.channels = static_cast<std::size_t>(std::min(chunk_, view_.out_c - channel));
    args.bias = tensors.packed + channel;
    args.residual = tensors.residual == nullptr ? nullptr : tensors.residual + at;
    args.out = tensors.out + at;
    args.out_step = static_cast<std::size_t>(view_.out_c);
    args.pixel_count = static_cast<std::size_t>(count);
    args.min = clamp_.min;
    args.max = clamp_.max;
    kernel_.pixels(args);
  }

  // The taps of an output pixel that lie on the image; `in` and `weights` are at its first channel.
  std::size_t fill_taps(const Stored* in, const float* weights, Tap* taps, std::int64_t row,
                        std::int64_t x) const {
    const std::int64_t top = row % view_.out_h * view_.stride_h - view_.pad_top;
    const std::int64_t left = x * view_.stride_w - view_.pad_left;
    const Stored* image = in + row / view_.out_h * view_.in_h * view_.in_w * view_.in_c;
    std::size_t count = 0;
    weights += channel_pitch_;  // behind the biases
    for (std::int64_t ky = 0; ky < view_.kernel_h; ++ky) {
      const std::int64_t in_y = top + ky * view_.dilation_h;
      const bool on_image = in_y >= 0 && in_y < view_.in_h;
      for (std::int64_t kx = 0; kx < view_.kernel_w; ++kx) {
        const float* own = weights;
        weights += group_ * channel_pitch_;
        const std::int64_t in_x = left + kx * view_.dilation_w;
        if (!on_image || in_x < 0 || in_x >= view_.in_w) continue;
        taps[count++] = {image + (in_y * view_.in_w + in_x) * view_.in_c, own};
      }
    }
    return count;
  }

  ConvolutionShape view_;  // as if every output channel had an input channel of its own
  ClampF32 clamp_;
  std::int64_t group_;       // channels of a group: 1 where depthwise
  std::int64_t multiplier_;  // output channels of an input channel, where depthwise
  std::int64_t channel_pitch_;
  std::int64_t chunk_;  // channels
  const DepthwiseF32Kernel& kernel_;
};

}  // namespace

double DepthwiseConvolutionF32::nanoseconds(const Problem& problem, const Row& row) {
  return Convolution<float>(problem, row).nanoseconds();
}

std::size_t DepthwiseConvolutionF32::packed_bytes(const Problem& problem, const Row& row) {
  return Convolution<float>(problem, row).packed_bytes();
}

void DepthwiseConvolutionF32::pack(const Problem& problem, const Row& row, const Weights& weights,
                                   std::byte* packed, ThreadPool&) {
  Convolution<float>(problem, row)
      .pack(weights, problem.storage == ElementType::kBFloat16, reinterpret_cast<float*>(packed));
}

std::size_t DepthwiseConvolutionF32::scratch_bytes(const Problem& problem, const Row& row,
                                                   int threads) {
  return Convolution<float>(problem, row).scratch_bytes(threads);
}

void DepthwiseConvolutionF32::run(const Problem& problem, const Row& row,
                                  const Operands& operands) {
  with_storage(problem.storage, [&](auto stored) {
    using Stored = decltype(stored);
    Convolution<Stored>(problem, row)
        .run(static_cast<const Stored*>(operands.inputs[0]),
             problem.residual ? static_cast<const Stored*>(operands.inputs[1]) : nullptr,
             static_cast<Stored*>(operands.outputs[0]),
             reinterpret_cast<const float*>(operands.weights), operands.scratch, operands.pool);
  });
}

}  // namespace lathe::kernels

// Depthwise convolution, some lines of output pixels and a block of channels at a time.
#include "kernels/depthwise_int8/depthwise_convolution_int8.h"

#include <algorithm>
#include <cstring>

#include "kernels/depthwise_int8/depthwise_int8_plan.h"
#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

// Input read by one call, whose setup takes about as long as five pixels of output. Blocks of
// channels read it in turn: it stays in the first level cache.
constexpr std::int64_t kCallBytes = 24 * 1024;
constexpr std::int64_t kMaxCallLines = 32;

// What follows from a problem and a kernel. Made anew for each call.
class Convolution {
 public:
  Convolution(const ConvolutionInt8Problem& problem, const DepthwiseInt8Kernel& kernel)
      : problem_(problem),
        kernel_(kernel),
        shape_(problem.shape),
        row_count_((shape_.kernel_h + kernel.row_taps - 1) / kernel.row_taps * kernel.row_taps),
        call_lines_(std::clamp(kCallBytes / (shape_.stride_h * line_bytes()), std::int64_t{1},
                               kMaxCallLines)),
        pointer_bytes_(static_cast<std::size_t>(call_lines_ * row_count_) * sizeof(void*)) {}

  // The pointers of each thread, and a line of zero points behind them.
  std::size_t scratch_bytes(int threads) const {
    return static_cast<std::size_t>(threads) * pointer_bytes_ +
           static_cast<std::size_t>(line_bytes());
  }
  void run(const Operands& operands) const;

 private:
  std::int64_t line_bytes() const { return shape_.in_w * shape_.in_c; }
  void run_lines(const Operands& operands, const std::uint8_t* padding, const std::uint8_t** rows,
                 std::int64_t first, std::int64_t count) const;

  const ConvolutionInt8Problem& problem_;
  const DepthwiseInt8Kernel& kernel_;
  const ConvolutionShape& shape_;
  std::int64_t row_count_;     // of input for a line of output, as the kernel counts them
  std::int64_t call_lines_;    // lines of output in one call of the kernel
  std::size_t pointer_bytes_;  // of one thread
};

void Convolution::run_lines(const Operands& operands, const std::uint8_t* padding,
                            const std::uint8_t** rows, std::int64_t first,
                            std::int64_t count) const {
  const auto* in = static_cast<const std::uint8_t*>(operands.inputs[0]);
  auto* out = static_cast<std::byte*>(operands.outputs[0]);
  const std::uint8_t** row = rows;
  for (std::int64_t line = first; line < first + count; ++line) {
    const std::uint8_t* image = in + line / shape_.out_h * shape_.in_h * line_bytes();
    const std::int64_t top = line % shape_.out_h * shape_.stride_h - shape_.pad_top;
    for (std::int64_t ky = 0; ky < row_count_; ++ky) {
      const std::int64_t y = top + std::min(ky, shape_.kernel_h - 1) * shape_.dilation_h;
      *row++ = y >= 0 && y < shape_.in_h ? image + y * line_bytes() : padding;
    }
  }
  const std::int64_t value_bytes = problem_.float_output ? sizeof(float) : 1;

  DepthwiseInt8Args args{};
  args.rows = rows;
  args.line_count = static_cast<std::size_t>(count);
  args.row_groups = static_cast<std::size_t>(row_count_ / kernel_.row_taps);
  args.padding = padding;
  args.flip = problem_.input.flip();
  args.kernel_w = shape_.kernel_w;
  args.stride = shape_.stride_w;
  args.dilation = shape_.dilation_w;
  args.pad = shape_.pad_left;
  args.in_w = shape_.in_w;
  args.out_w = shape_.out_w;
  args.pixel_stride = shape_.in_c;
  args.out_stride = shape_.in_c * value_bytes;
  args.out_line_stride = shape_.out_w * args.out_stride;
  args.float_output = problem_.float_output;
  if (!args.float_output)
    args.requantize = requantize_args(problem_.output, problem_.min, problem_.max);
  DepthwiseInt8Blocks blocks(kernel_, shape_);
  for (DepthwiseInt8Block block; blocks.next(block);) {
    args.first_channel = static_cast<std::size_t>(block.channel);
    args.block = operands.weights + block.offset;
    args.width = static_cast<std::size_t>(block.width);
    args.channels = static_cast<std::size_t>(block.channels);
    args.out = out + first * args.out_line_stride + block.channel * value_bytes;
    kernel_.function(args);
  }
}

void Convolution::run(const Operands& operands) const {
  auto* scratch = static_cast<std::byte*>(operands.scratch);
  auto* padding = reinterpret_cast<std::uint8_t*>(
      scratch + static_cast<std::size_t>(operands.pool.threads()) * pointer_bytes_);
  std::memset(padding, static_cast<std::uint8_t>(problem_.input.zero_point),
              static_cast<std::size_t>(line_bytes()));
  const auto share_out = [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
    auto** const rows = reinterpret_cast<const std::uint8_t**>(
        scratch + static_cast<std::size_t>(slot) * pointer_bytes_);
    for (std::int64_t line = begin; line < end; line += call_lines_)
      run_lines(operands, padding, rows, line, std::min(call_lines_, end - line));
  };
  const double nanoseconds = expected_mac_nanoseconds(shape_.macs(), kernel_.isa);
  parallel_slots(operands.pool, shape_.batch * shape_.out_h, nanoseconds, share_out);
}

}  // namespace

bool DepthwiseConvolutionInt8::fits(const Problem& problem, const Row& row) {
  const ConvolutionShape& shape = problem.shape;
  return shape.is_depthwise() && shape.out_c == shape.in_c && row.takes(shape.in_c);
}

std::size_t DepthwiseConvolutionInt8::packed_bytes(const Problem& problem, const Row& row) {
  return depthwise_int8_bytes(row, problem.shape);
}

void DepthwiseConvolutionInt8::pack(const Problem& problem, const Row& row, const Weights& weights,
                                    std::byte* packed, ThreadPool&) {
  pack_depthwise_int8(row, problem, weights, packed);
}

std::size_t DepthwiseConvolutionInt8::scratch_bytes(const Problem& problem, const Row& row,
                                                    int threads) {
  return Convolution(problem, row).scratch_bytes(threads);
}

void DepthwiseConvolutionInt8::run(const Problem& problem, const Row& row,
                                   const Operands& operands) {
  Convolution(problem, row).run(operands);
}

}  // namespace lathe::kernels

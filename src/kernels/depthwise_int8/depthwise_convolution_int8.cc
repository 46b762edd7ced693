// Depthwise convolution, some lines of output pixels and a block of channels at a time.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/convolution_int8_layer.h"
#include "kernels/depthwise_int8/depthwise_int8_plan.h"
#include "kernels/parallel.h"
#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

// Input read by one call, whose setup takes about as long as five pixels of output. Blocks of
// channels read it in turn: it stays in the first level cache.
constexpr std::int64_t kCallBytes = 24 * 1024;
constexpr std::int64_t kMaxCallLines = 32;

class DepthwiseConvolutionInt8 final : public ConvolutionInt8 {
 public:
  DepthwiseConvolutionInt8(const ConvolutionInt8Layer& layer, const DepthwiseInt8Kernel& kernel);

  [[nodiscard]] std::size_t scratch_bytes(int threads) const override {
    return static_cast<std::size_t>(threads) * pointer_bytes_ + alignof(void*);
  }
  [[nodiscard]] std::size_t packed_bytes() const override { return packed_.size(); }
  [[nodiscard]] const char* kernel_name() const override { return kernel_.name; }
  void run(const void* in, void* out, void* scratch, ThreadPool& pool) const override;

 private:
  void run_lines(const std::uint8_t* in, std::byte* out, const std::uint8_t** rows,
                 std::int64_t first, std::int64_t count) const;

  DepthwiseInt8Kernel kernel_;
  ConvolutionShape shape_;
  QuantizedActivation input_;
  bool float_output_;
  RequantizeArgs requantize_;
  std::int64_t row_count_;     // of input for a line of output, as the kernel counts them
  std::int64_t call_lines_;    // lines of output in one call of the kernel
  std::size_t pointer_bytes_;  // of one thread
  DepthwiseInt8Plan plan_;
  AlignedBuffer<std::byte> packed_;
  std::vector<std::uint8_t> padding_;  // a line of zero points
};

DepthwiseConvolutionInt8::DepthwiseConvolutionInt8(const ConvolutionInt8Layer& layer,
                                                   const DepthwiseInt8Kernel& kernel)
    : kernel_(kernel),
      shape_(layer.shape),
      input_(layer.input),
      float_output_(layer.float_output),
      requantize_(layer.requantize),
      row_count_((shape_.kernel_h + kernel.row_taps - 1) / kernel.row_taps * kernel.row_taps),
      call_lines_(std::clamp(kCallBytes / (shape_.stride_h * shape_.in_w * shape_.in_c),
                             std::int64_t{1}, kMaxCallLines)),
      pointer_bytes_(static_cast<std::size_t>(call_lines_ * row_count_) * sizeof(void*)),
      plan_(plan_depthwise_int8(kernel, shape_)),
      packed_(plan_.bytes),
      padding_(static_cast<std::size_t>(shape_.in_w * shape_.in_c),
               static_cast<std::uint8_t>(input_.zero_point)) {
  pack_depthwise_int8(kernel_, plan_, layer, packed_.data());
}

void DepthwiseConvolutionInt8::run_lines(const std::uint8_t* in, std::byte* out,
                                         const std::uint8_t** rows, std::int64_t first,
                                         std::int64_t count) const {
  const std::int64_t row_bytes = shape_.in_w * shape_.in_c;
  const std::uint8_t** row = rows;
  for (std::int64_t line = first; line < first + count; ++line) {
    const std::uint8_t* image = in + line / shape_.out_h * shape_.in_h * row_bytes;
    const std::int64_t top = line % shape_.out_h * shape_.stride_h - shape_.pad_top;
    for (std::int64_t ky = 0; ky < row_count_; ++ky) {
      const std::int64_t y = top + std::min(ky, shape_.kernel_h - 1) * shape_.dilation_h;
      *row++ = y >= 0 && y < shape_.in_h ? image + y * row_bytes : padding_.data();
    }
  }
  const std::int64_t value_bytes = float_output_ ? sizeof(float) : 1;

  DepthwiseInt8Args args{};
  args.rows = rows;
  args.line_count = static_cast<std::size_t>(count);
  args.row_groups = static_cast<std::size_t>(row_count_ / kernel_.row_taps);
  args.padding = padding_.data();
  args.flip = input_.flip();
  args.kernel_w = shape_.kernel_w;
  args.stride = shape_.stride_w;
  args.dilation = shape_.dilation_w;
  args.pad = shape_.pad_left;
  args.in_w = shape_.in_w;
  args.out_w = shape_.out_w;
  args.pixel_stride = shape_.in_c;
  args.out_stride = shape_.in_c * value_bytes;
  args.out_line_stride = shape_.out_w * args.out_stride;
  args.float_output = float_output_;
  args.requantize = requantize_;
  for (const DepthwiseInt8Block& block : plan_.blocks) {
    args.first_channel = static_cast<std::size_t>(block.channel);
    args.block = packed_.data() + block.offset;
    args.width = static_cast<std::size_t>(block.width);
    args.channels = static_cast<std::size_t>(block.channels);
    args.out = out + first * args.out_line_stride + block.channel * value_bytes;
    kernel_.function(args);
  }
}

void DepthwiseConvolutionInt8::run(const void* in, void* out, void* scratch,
                                   ThreadPool& pool) const {
  const auto address = reinterpret_cast<std::uintptr_t>(scratch);
  auto* const aligned = static_cast<std::byte*>(scratch) + (-address % alignof(void*));
  const auto share_out = [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
    auto** const rows = reinterpret_cast<const std::uint8_t**>(
        aligned + static_cast<std::size_t>(slot) * pointer_bytes_);
    for (std::int64_t line = begin; line < end; line += call_lines_) {
      run_lines(static_cast<const std::uint8_t*>(in), static_cast<std::byte*>(out), rows, line,
                std::min(call_lines_, end - line));
    }
  };
  const double nanoseconds = expected_mac_nanoseconds(shape_.macs(), kernel_.isa);
  parallel_slots(pool, shape_.batch * shape_.out_h, nanoseconds, share_out);
}

}  // namespace

std::unique_ptr<ConvolutionInt8> create_depthwise_convolution_int8(
    const ConvolutionInt8Layer& layer, Isa isa) {
  return std::make_unique<DepthwiseConvolutionInt8>(
      layer, pick(kDepthwiseInt8Kernels, isa, layer.shape.in_c));
}

}  // namespace lathe::kernels

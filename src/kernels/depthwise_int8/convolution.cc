// Depthwise convolution, a line of output pixels and a block of channels at a time.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/convolution_int8_layer.h"
#include "kernels/depthwise_int8/kernels.h"
#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

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
  void run_line(const std::uint8_t* in, std::byte* out, const std::uint8_t** rows,
                std::int64_t line) const;

  DepthwiseInt8Kernel kernel_;
  ConvolutionShape shape_;
  QuantizedActivation input_;
  bool float_output_;
  RequantizeArgs requantize_;
  std::int64_t row_groups_;
  std::size_t pointer_bytes_;  // of one thread: two sets of row pointers
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
      row_groups_((shape_.kernel_h + kernel.row_taps - 1) / kernel.row_taps),
      pointer_bytes_(static_cast<std::size_t>(2 * row_groups_ * kernel.row_taps) * sizeof(void*)),
      plan_(plan_depthwise_int8(kernel, shape_)),
      packed_(plan_.bytes),
      padding_(static_cast<std::size_t>(shape_.in_w * shape_.in_c),
               static_cast<std::uint8_t>(input_.zero_point)) {
  pack_depthwise_int8(kernel_, plan_, layer, packed_.data());
}

void DepthwiseConvolutionInt8::run_line(const std::uint8_t* in, std::byte* out,
                                        const std::uint8_t** rows, std::int64_t line) const {
  const std::int64_t row_bytes = shape_.in_w * shape_.in_c;
  const std::uint8_t* image = in + line / shape_.out_h * shape_.in_h * row_bytes;
  const std::int64_t top = line % shape_.out_h * shape_.stride_h - shape_.pad_top;
  const std::int64_t row_count = row_groups_ * kernel_.row_taps;
  for (std::int64_t ky = 0; ky < row_count; ++ky) {
    const std::int64_t y = top + std::min(ky, shape_.kernel_h - 1) * shape_.dilation_h;
    rows[ky] = y >= 0 && y < shape_.in_h ? image + y * row_bytes : padding_.data();
  }
  const std::uint8_t** const block_rows = rows + row_count;
  const std::int64_t value_bytes = float_output_ ? sizeof(float) : 1;

  DepthwiseInt8Args args{};
  args.rows = block_rows;
  args.row_groups = static_cast<std::size_t>(row_groups_);
  args.flip = input_.flip();
  args.kernel_w = shape_.kernel_w;
  args.stride = shape_.stride_w;
  args.dilation = shape_.dilation_w;
  args.pad = shape_.pad_left;
  args.in_w = shape_.in_w;
  args.out_w = shape_.out_w;
  args.pixel_stride = shape_.in_c;
  args.out_stride = shape_.in_c * value_bytes;
  args.float_output = float_output_;
  args.requantize = requantize_;
  for (const DepthwiseInt8Block& block : plan_.blocks) {
    for (std::int64_t ky = 0; ky < row_count; ++ky) block_rows[ky] = rows[ky] + block.channel;
    args.padding = padding_.data() + block.channel;
    args.block = packed_.data() + block.offset;
    args.width = static_cast<std::size_t>(block.width);
    args.channels = static_cast<std::size_t>(block.channels);
    args.out = out + line * shape_.out_w * args.out_stride + block.channel * value_bytes;
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
    for (std::int64_t line = begin; line < end; ++line) {
      run_line(static_cast<const std::uint8_t*>(in), static_cast<std::byte*>(out), rows, line);
    }
  };
  const double nanoseconds = expected_mac_nanoseconds(shape_.macs(), kernel_.isa);
  parallel_slots(pool, shape_.batch * shape_.out_h, nanoseconds, share_out);
}

}  // namespace

std::unique_ptr<ConvolutionInt8> create_depthwise_convolution(const ConvolutionInt8Layer& layer,
                                                              Isa isa) {
  return std::make_unique<DepthwiseConvolutionInt8>(layer,
                                                    pick_depthwise_int8(isa, layer.shape.in_c));
}

}  // namespace lathe::kernels

// The reference: plain loops for every machine.
#include <cstring>

#include "kernels/depthwise_int8/args.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

namespace {

constexpr std::size_t kWidth = 16;

void run_line(const DepthwiseInt8Args& args, const std::uint8_t* const* rows, std::byte* out) {
  std::uint32_t bias[kWidth];
  float multipliers[kWidth];
  std::memcpy(bias, args.block, sizeof bias);
  std::memcpy(multipliers, args.block + sizeof bias, sizeof multipliers);
  for (std::int64_t x = 0; x < args.out_w; ++x, out += args.out_stride) {
    std::uint32_t sums[kWidth];
    std::memcpy(sums, bias, sizeof sums);
    const auto* weights =
        reinterpret_cast<const std::int8_t*>(args.block + sizeof bias + sizeof multipliers);
    for (std::int64_t kx = 0; kx < args.kernel_w; ++kx) {
      const std::int64_t column = x * args.stride - args.pad + kx * args.dilation;
      const bool inside = column >= 0 && column < args.in_w;
      for (std::size_t ky = 0; ky < args.row_groups; ++ky, weights += kWidth) {
        const std::uint8_t* in = inside ? rows[ky] + column * args.pixel_stride : args.padding;
        in += args.first_channel;
        for (std::size_t c = 0; c < args.channels; ++c) {
          sums[c] += static_cast<std::uint32_t>((in[c] ^ args.flip) * weights[c]);
        }
      }
    }
    for (std::size_t c = 0; c < args.channels; ++c) {
      const float scaled = static_cast<float>(static_cast<std::int32_t>(sums[c])) * multipliers[c];
      if (args.float_output) {
        std::memcpy(out + c * sizeof scaled, &scaled, sizeof scaled);
      } else {
        out[c] = static_cast<std::byte>(requantize(scaled, args.requantize));
      }
    }
  }
}

}  // namespace

void depthwise_s8_c16_scalar(const DepthwiseInt8Args& args) {
  std::byte* out = args.out;
  for (std::size_t i = 0; i < args.line_count; ++i, out += args.out_line_stride) {
    run_line(args, args.rows + i * args.row_groups, out);
  }
}

}  // namespace lathe::kernels

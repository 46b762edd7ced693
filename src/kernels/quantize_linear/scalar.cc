// The reference: plain loops for every machine.
#include "kernels/quantize_linear/args.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

void quantize_s8_scalar(const QuantizeLinearArgs& args) {
  for (std::size_t i = 0; i < args.count; ++i) {
    const float quotient = args.in[i] / args.scale;
    args.out[i] = requantize(quotient == quotient ? quotient : 0.0F, args.requantize);
  }
}

void dequantize_s8_scalar(const DequantizeLinearArgs& args) {
  for (std::size_t i = 0; i < args.count; ++i) {
    args.out[i] = static_cast<float>((args.in[i] ^ args.flip) - args.zero_point) * args.scale;
  }
}

}  // namespace lathe::kernels

// The reference: plain loops for every machine.
#include "kernels/binary_int8/args.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

void add_s8_scalar(const BinaryInt8Args& args) {
  for (std::size_t i = 0; i < args.count; ++i) {
    const int a = (args.a[i] ^ args.a_flip) - args.a_zero_point;
    const int b = (args.b[i] ^ args.b_flip) - args.b_zero_point;
    const float scaled_a = static_cast<float>(a) * args.a_multiplier;
    const float scaled_b = static_cast<float>(b) * args.b_multiplier;
    args.out[i] = requantize(scaled_a + scaled_b, args.requantize);
  }
}

void mul_s8_scalar(const BinaryInt8Args& args) {
  for (std::size_t i = 0; i < args.count; ++i) {
    const int a = (args.a[i] ^ args.a_flip) - args.a_zero_point;
    const int b = (args.b[i] ^ args.b_flip) - args.b_zero_point;
    args.out[i] = requantize(static_cast<float>(a * b) * args.a_multiplier, args.requantize);
  }
}

}  // namespace lathe::kernels

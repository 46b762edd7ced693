#include <cmath>

#include "kernels/softmax_f32/args.h"

namespace lathe::kernels {

void softmax_f32_scalar(const SoftmaxF32Args& args) {
  for (std::size_t i = 0; i < args.rows; ++i) {
    const float* in = args.in + i * args.columns;
    float* out = args.out + i * args.columns;
    float largest = in[0];
    for (std::size_t j = 1; j < args.columns; ++j) largest = in[j] > largest ? in[j] : largest;
    float sum = 0;
    for (std::size_t j = 0; j < args.columns; ++j) {
      const float power = std::exp(in[j] - largest);
      sum += power;
      out[j] = args.log == nullptr ? power : in[j] - largest;
    }
    const float log_sum = args.log == nullptr ? 0 : args.log(sum);
    for (std::size_t j = 0; j < args.columns; ++j) {
      out[j] = args.log == nullptr ? out[j] / sum : out[j] - log_sum;
    }
  }
}

}  // namespace lathe::kernels

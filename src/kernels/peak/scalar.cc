#include "kernels/peak/args.h"

namespace lathe::kernels {

float fma_loop_scalar(std::size_t turns, float factor, float addend) {
  float x[32];
  for (int i = 0; i < 32; ++i) x[i] = static_cast<float>(i);
  for (; turns > 0; --turns) {
    for (float& value : x) value = value * factor + addend;
  }
  float sum = 0;
  for (const float value : x) sum += value;
  return sum;
}

}  // namespace lathe::kernels

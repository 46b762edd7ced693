#include "kernels/pooling_f32/args.h"

namespace lathe::kernels {

void max_pool_f32_scalar(const PoolingF32Args& args) {
  for (std::size_t c = 0; c < args.channels; ++c) {
    float largest = args.in[c];
    for (std::size_t y = 0; y < args.rows; ++y) {
      for (std::size_t x = 0; x < args.columns; ++x) {
        const float value = args.in[y * args.row_stride + x * args.column_stride + c];
        largest = largest > value ? largest : value;
      }
    }
    args.out[c] = largest;
  }
}

void average_pool_f32_scalar(const PoolingF32Args& args) {
  for (std::size_t c = 0; c < args.channels; ++c) {
    float total = 0;
    for (std::size_t y = 0; y < args.rows; ++y) {
      float sum = 0;
      for (std::size_t x = 0; x < args.columns; ++x) {
        sum += args.in[y * args.row_stride + x * args.column_stride + c];
      }
      total += sum;
    }
    args.out[c] = total * args.scale;
  }
}

}  // namespace lathe::kernels

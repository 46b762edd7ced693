#include "kernels/pooling_f32/args.h"

namespace lathe::kernels {
namespace {

float largest_of(const PoolingF32Args& args, const float* in) {
  float largest = *in;
  for (std::size_t y = 0; y < args.rows; ++y) {
    for (std::size_t x = 0; x < args.columns; ++x) {
      const float value = in[y * args.row_stride + x * args.column_stride];
      largest = largest > value ? largest : value;
    }
  }
  return largest;
}

float sum_of(const PoolingF32Args& args, const float* in) {
  float total = 0;
  for (std::size_t y = 0; y < args.rows; ++y) {
    float sum = 0;
    for (std::size_t x = 0; x < args.columns; ++x)
      sum += in[y * args.row_stride + x * args.column_stride];
    total += sum;
  }
  return total;
}

}  // namespace

void max_pool_f32_scalar(const PoolingF32Args& args) {
  for (std::size_t i = 0; i < args.pixels; ++i) {
    for (std::size_t c = 0; c < args.channels; ++c)
      args.out[i * args.out_step + c] = largest_of(args, args.in + i * args.pixel_step + c);
  }
}

void average_pool_f32_scalar(const PoolingF32Args& args) {
  for (std::size_t i = 0; i < args.pixels; ++i) {
    for (std::size_t c = 0; c < args.channels; ++c) {
      const float sum = sum_of(args, args.in + i * args.pixel_step + c);
      args.out[i * args.out_step + c] = sum * args.scale;
    }
  }
}

}  // namespace lathe::kernels

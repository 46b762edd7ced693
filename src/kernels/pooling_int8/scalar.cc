// The reference: plain loops for every machine.
#include "kernels/pooling_int8/args.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

void max_pool_s8_scalar(const PoolInt8Args& args) {
  for (std::size_t c = 0; c < args.channels; ++c) {
    int best = 0;
    for (std::size_t y = 0; y < args.height; ++y) {
      const std::uint8_t* in = args.in + y * args.row_stride + c;
      for (std::size_t x = 0; x < args.width; ++x, in += args.column_stride) {
        const int value = *in ^ args.flip;
        best = best < value ? value : best;
      }
    }
    args.out[c] = static_cast<std::uint8_t>(best) ^ args.flip;
  }
}

void average_pool_s8_scalar(const AveragePoolInt8Args& args) {
  const PoolInt8Args& pool = args.pool;
  for (std::size_t c = 0; c < pool.channels; ++c) {
    std::int32_t sum = args.offset;
    for (std::size_t y = 0; y < pool.height; ++y) {
      const std::uint8_t* in = pool.in + y * pool.row_stride + c;
      for (std::size_t x = 0; x < pool.width; ++x, in += pool.column_stride) sum += *in ^ pool.flip;
    }
    pool.out[c] = requantize(static_cast<float>(sum) * args.multiplier, args.requantize);
  }
}

}  // namespace lathe::kernels

#include <immintrin.h>

#include "kernels/pooling_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 16;

struct Max {
  static __m512 join(__m512 a, __m512 b) { return _mm512_max_ps(a, b); }
  static __m512 finish(__m512 value, float) { return value; }
};
struct Average {
  static __m512 join(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
  static __m512 finish(__m512 value, float scale) {
    return _mm512_mul_ps(value, _mm512_set1_ps(scale));
  }
};

template <typename Op, int kVectors>
void row(const PoolingF32Args& args, const float* in, __mmask16 mask, __m512* sums) {
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    sums[v] = _mm512_maskz_loadu_ps(mask, in + static_cast<std::size_t>(v) * kLanes);
  }
  for (std::size_t x = 1; x < args.columns; ++x) {
    in += args.column_stride;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sums[v] =
          Op::join(sums[v], _mm512_maskz_loadu_ps(mask, in + static_cast<std::size_t>(v) * kLanes));
    }
  }
}

// kVectors * 16 channels; with one vector, those of `mask`.
template <typename Op, int kVectors>
void window(const PoolingF32Args& args, std::size_t channel, __mmask16 mask) {
  const float* in = args.in + channel;
  __m512 total[kVectors];
  row<Op, kVectors>(args, in, mask, total);
  for (std::size_t y = 1; y < args.rows; ++y) {
    in += args.row_stride;
    __m512 sums[kVectors];
    row<Op, kVectors>(args, in, mask, sums);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) total[v] = Op::join(total[v], sums[v]);
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    _mm512_mask_storeu_ps(args.out + channel + static_cast<std::size_t>(v) * kLanes, mask,
                          Op::finish(total[v], args.scale));
  }
}

template <typename Op>
void pixel(const PoolingF32Args& args) {
  std::size_t channel = 0;
  for (; channel + 4 * kLanes <= args.channels; channel += 4 * kLanes) {
    window<Op, 4>(args, channel, 0xffff);
  }
  for (; channel < args.channels; channel += kLanes) {
    const std::size_t left = args.channels - channel;
    window<Op, 1>(args, channel,
                  static_cast<__mmask16>(left >= kLanes ? 0xffffU : (1U << left) - 1U));
  }
}

}  // namespace

void max_pool_f32_avx512(const PoolingF32Args& args) { pixel<Max>(args); }
void average_pool_f32_avx512(const PoolingF32Args& args) { pixel<Average>(args); }

}  // namespace lathe::kernels

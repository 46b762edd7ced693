#include "kernels/vector_math/avx2.h"

#include <immintrin.h>

#include "kernels/pooling_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 8;

struct Max {
  static __m256 join(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
  static __m256 finish(__m256 value, float) { return value; }
};
struct Average {
  static __m256 join(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
  static __m256 finish(__m256 value, float scale) {
    return _mm256_mul_ps(value, _mm256_set1_ps(scale));
  }
};

template <bool kMasked>
__m256 load(const float* at, __m256i mask) {
  return kMasked ? _mm256_maskload_ps(at, mask) : _mm256_loadu_ps(at);
}

template <typename Op, int kVectors, bool kMasked>
void row(const PoolingF32Args& args, const float* in, __m256i mask, __m256* sums) {
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    sums[v] = load<kMasked>(in + static_cast<std::size_t>(v) * kLanes, mask);
  }
  for (std::size_t x = 1; x < args.columns; ++x) {
    in += args.column_stride;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sums[v] = Op::join(sums[v], load<kMasked>(in + static_cast<std::size_t>(v) * kLanes, mask));
    }
  }
}

// kVectors * 8 channels; with kMasked, those of `mask`.
template <typename Op, int kVectors, bool kMasked>
void window(const PoolingF32Args& args, std::size_t channel, __m256i mask) {
  const float* in = args.in + channel;
  __m256 total[kVectors];
  row<Op, kVectors, kMasked>(args, in, mask, total);
  for (std::size_t y = 1; y < args.rows; ++y) {
    in += args.row_stride;
    __m256 sums[kVectors];
    row<Op, kVectors, kMasked>(args, in, mask, sums);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) total[v] = Op::join(total[v], sums[v]);
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    float* out = args.out + channel + static_cast<std::size_t>(v) * kLanes;
    const __m256 value = Op::finish(total[v], args.scale);
    if constexpr (kMasked) {
      _mm256_maskstore_ps(out, mask, value);
    } else {
      _mm256_storeu_ps(out, value);
    }
  }
}

template <typename Op>
void pixel(const PoolingF32Args& args) {
  const __m256i all = _mm256_set1_epi32(-1);
  std::size_t channel = 0;
  for (; channel + 4 * kLanes <= args.channels; channel += 4 * kLanes) {
    window<Op, 4, false>(args, channel, all);
  }
  for (; channel + kLanes <= args.channels; channel += kLanes) {
    window<Op, 1, false>(args, channel, all);
  }
  if (channel < args.channels) {
    window<Op, 1, true>(args, channel, avx2::first_lanes(args.channels - channel));
  }
}

}  // namespace

void max_pool_f32_avx2(const PoolingF32Args& args) { pixel<Max>(args); }
void average_pool_f32_avx2(const PoolingF32Args& args) { pixel<Average>(args); }

}  // namespace lathe::kernels

#include "kernels/vector_math/avx2.h"

#include <immintrin.h>

#include "kernels/softmax_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 8;

float row_max(const float* in, std::size_t columns) {
  const __m256 first = _mm256_set1_ps(in[0]);
  __m256 largest = first;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const __m256i mask = avx2::first_lanes(columns - j);
    const __m256 value = _mm256_maskload_ps(in + j, mask);
    largest = _mm256_max_ps(largest, _mm256_blendv_ps(first, value, _mm256_castsi256_ps(mask)));
  }
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(largest), _mm256_extractf128_ps(largest, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

// Writes in - largest, or its exponential, and sums the exponentials.
template <bool kLog>
float shift_row(const float* in, float* out, std::size_t columns, float largest) {
  const __m256 shift = _mm256_set1_ps(largest);
  __m256 sum = _mm256_setzero_ps();
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const __m256i mask = avx2::first_lanes(columns - j);
    const __m256 shifted = _mm256_sub_ps(_mm256_maskload_ps(in + j, mask), shift);
    const __m256 power = avx2::exp(shifted);
    sum = _mm256_add_ps(sum, _mm256_and_ps(power, _mm256_castsi256_ps(mask)));
    _mm256_maskstore_ps(out + j, mask, kLog ? shifted : power);
  }
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

}  // namespace

void softmax_f32_avx2(const SoftmaxF32Args& args) {
  for (std::size_t i = 0; i < args.rows; ++i) {
    const float* in = args.in + i * args.columns;
    float* out = args.out + i * args.columns;
    const float largest = row_max(in, args.columns);
    const float sum = args.log == nullptr ? shift_row<false>(in, out, args.columns, largest)
                                          : shift_row<true>(in, out, args.columns, largest);
    const __m256 divisor = _mm256_set1_ps(sum);
    const __m256 log_sum = _mm256_set1_ps(args.log == nullptr ? 0.0F : args.log(sum));
    for (std::size_t j = 0; j < args.columns; j += kLanes) {
      const __m256i mask = avx2::first_lanes(args.columns - j);
      const __m256 value = _mm256_maskload_ps(out + j, mask);
      _mm256_maskstore_ps(
          out + j, mask,
          args.log == nullptr ? _mm256_div_ps(value, divisor) : _mm256_sub_ps(value, log_sum));
    }
  }
}

}  // namespace lathe::kernels

#include "kernels/vector_math/avx512.h"

#include <immintrin.h>

#include "kernels/softmax_f32/args.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kLanes = 16;

__mmask16 first_lanes(std::size_t count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xffffU : (1U << count) - 1U);
}

float row_max(const float* in, std::size_t columns) {
  __m512 largest = _mm512_set1_ps(in[0]);
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const __mmask16 mask = first_lanes(columns - j);
    largest = _mm512_mask_max_ps(largest, mask, largest, _mm512_maskz_loadu_ps(mask, in + j));
  }
  return _mm512_reduce_max_ps(largest);
}

// Writes in - largest, or its exponential, and sums the exponentials.
template <bool kLog>
float shift_row(const float* in, float* out, std::size_t columns, float largest) {
  const __m512 shift = _mm512_set1_ps(largest);
  __m512 sum = _mm512_setzero_ps();
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const __mmask16 mask = first_lanes(columns - j);
    const __m512 shifted = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, in + j), shift);
    const __m512 power = avx512::exp(shifted);
    sum = _mm512_mask_add_ps(sum, mask, sum, power);
    _mm512_mask_storeu_ps(out + j, mask, kLog ? shifted : power);
  }
  return _mm512_reduce_add_ps(sum);
}

}  // namespace

void softmax_f32_avx512(const SoftmaxF32Args& args) {
  for (std::size_t i = 0; i < args.rows; ++i) {
    const float* in = args.in + i * args.columns;
    float* out = args.out + i * args.columns;
    const float largest = row_max(in, args.columns);
    const float sum = args.log == nullptr ? shift_row<false>(in, out, args.columns, largest)
                                          : shift_row<true>(in, out, args.columns, largest);
    const __m512 divisor = _mm512_set1_ps(sum);
    const __m512 log_sum = _mm512_set1_ps(args.log == nullptr ? 0.0F : args.log(sum));
    for (std::size_t j = 0; j < args.columns; j += kLanes) {
      const __mmask16 mask = first_lanes(args.columns - j);
      const __m512 value = _mm512_maskz_loadu_ps(mask, out + j);
      _mm512_mask_storeu_ps(
          out + j, mask,
          args.log == nullptr ? _mm512_div_ps(value, divisor) : _mm512_sub_ps(value, log_sum));
    }
  }
}

}  // namespace lathe::kernels

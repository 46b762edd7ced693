#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/quantize_linear/args.h"
#include "kernels/x86/requantize_avx512.h"

namespace lathe::kernels {

void quantize_s8_avx512(const QuantizeLinearArgs& args) {
  const avx512::Requantizer r = avx512::requantizer(args.requantize);
  const __m512 scale = _mm512_set1_ps(args.scale);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (std::size_t i = 0; i < args.count; i += 64) {
    const __mmask64 mask = avx512::mask64(args.count - i);
    __m512i rounded[4];
    for (std::size_t j = 0; j < 4; ++j) {
      const auto part = static_cast<__mmask16>(mask >> (j * 16));
      const __m512 x = _mm512_maskz_loadu_ps(part, args.in + i + j * 16);
      const __m512 quotient = _mm512_div_ps(x, scale);
      const __mmask16 ordered = _mm512_cmp_ps_mask(quotient, quotient, _CMP_ORD_Q);
      rounded[j] = avx512::round_scaled(_mm512_maskz_mov_ps(ordered, quotient), r);
    }
    const __m512i bytes = avx512::pack_bytes(rounded[0], rounded[1], rounded[2], rounded[3], r);
    _mm512_mask_storeu_epi8(args.out + i, mask, _mm512_permutexvar_epi32(order, bytes));
  }
}

void dequantize_s8_avx512(const DequantizeLinearArgs& args) {
  const __m128i flip = _mm_set1_epi8(static_cast<char>(args.flip));
  const __m512i zero_point = _mm512_set1_epi32(args.zero_point);
  const __m512 scale = _mm512_set1_ps(args.scale);
  for (std::size_t i = 0; i < args.count; i += 16) {
    const __mmask16 mask = avx512::mask16(args.count - i);
    const __m128i bytes = _mm_xor_si128(_mm_maskz_loadu_epi8(mask, args.in + i), flip);
    const __m512i value = _mm512_sub_epi32(_mm512_cvtepu8_epi32(bytes), zero_point);
    _mm512_mask_storeu_ps(args.out + i, mask, _mm512_mul_ps(_mm512_cvtepi32_ps(value), scale));
  }
}

}  // namespace lathe::kernels

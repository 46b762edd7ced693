#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/quantize_linear/args.h"
#include "kernels/x86/requantize_avx2.h"

namespace lathe::kernels {

void quantize_s8_avx2(const QuantizeLinearArgs& args) {
  const avx2::Requantizer r = avx2::requantizer(args.requantize);
  const __m256 scale = _mm256_set1_ps(args.scale);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const auto quantize = [&](const float* in, std::uint8_t* out) {
    __m256i rounded[4];
    for (std::size_t j = 0; j < 4; ++j) {
      const __m256 quotient = _mm256_div_ps(_mm256_loadu_ps(in + j * 8), scale);
      const __m256 ordered = _mm256_cmp_ps(quotient, quotient, _CMP_ORD_Q);
      rounded[j] = avx2::round_scaled(_mm256_and_ps(quotient, ordered), r);
    }
    const __m256i bytes = avx2::pack_bytes(rounded[0], rounded[1], rounded[2], rounded[3], r);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_permutevar8x32_epi32(bytes, order));
  };
  std::size_t i = 0;
  for (; i + 32 <= args.count; i += 32) quantize(args.in + i, args.out + i);
  if (i == args.count) return;
  float tail_in[32] = {};
  std::uint8_t tail_out[32];
  __builtin_memcpy(tail_in, args.in + i, (args.count - i) * sizeof(float));
  quantize(tail_in, tail_out);
  __builtin_memcpy(args.out + i, tail_out, args.count - i);
}

void dequantize_s8_avx2(const DequantizeLinearArgs& args) {
  const __m128i flip = _mm_set1_epi8(static_cast<char>(args.flip));
  const __m256i zero_point = _mm256_set1_epi32(args.zero_point);
  const __m256 scale = _mm256_set1_ps(args.scale);
  const auto dequantize = [&](const std::uint8_t* in, float* out) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(in));
    const __m256i value =
        _mm256_sub_epi32(_mm256_cvtepu8_epi32(_mm_xor_si128(bytes, flip)), zero_point);
    _mm256_storeu_ps(out, _mm256_mul_ps(_mm256_cvtepi32_ps(value), scale));
  };
  std::size_t i = 0;
  for (; i + 8 <= args.count; i += 8) dequantize(args.in + i, args.out + i);
  if (i == args.count) return;
  std::uint8_t tail_in[8] = {};
  float tail_out[8];
  __builtin_memcpy(tail_in, args.in + i, args.count - i);
  dequantize(tail_in, tail_out);
  __builtin_memcpy(args.out + i, tail_out, (args.count - i) * sizeof(float));
}

}  // namespace lathe::kernels

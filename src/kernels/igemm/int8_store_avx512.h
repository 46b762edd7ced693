// Writing a tile of sums of the integer matrix multiplication. For files of AVX-512 kernels only.
#pragma once

#include "kernels/igemm/tile.h"
#include "kernels/x86/requantize_avx512.h"

namespace lathe::kernels::avx512 {
namespace {

// Sums of two paired vectors of one row to 32 float32 in the order of channels.
inline void store_float_pair(float* out, __m512 a, __m512 b, std::size_t channels) {
  const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const __m512i high =
      _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  _mm512_mask_storeu_ps(out, mask16(channels), _mm512_permutex2var_ps(a, low, b));
  if (channels > 16) {
    _mm512_mask_storeu_ps(out + 16, mask16(channels - 16), _mm512_permutex2var_ps(a, high, b));
  }
}

template <int kRows, int kVectors>
inline void store_float(const __m512i (&sums)[kRows][kVectors], const TileArgs& args) {
  const auto columns = static_cast<std::size_t>(args.column_count);
  const __m512 first = _mm512_loadu_ps(args.panel + kVectors * 64);
  const __m512 last = _mm512_loadu_ps(args.panel + (2 * kVectors - 1) * 64);
  for (int r = 0; r < kRows; ++r) {
    auto* out = reinterpret_cast<float*>(args.out + static_cast<std::size_t>(r) * args.out_stride);
    const __m512 a = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[r][0]), first);
    if constexpr (kVectors == 1) {
      _mm512_mask_storeu_ps(out, mask16(columns), a);
    } else {
      const __m512 b = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[r][1]), last);
      store_float_pair(out, a, b, columns);
    }
  }
}

template <int kRows>
inline void store_bytes(const __m512i (&sums)[kRows][2], const TileArgs& args) {
  const auto columns = static_cast<std::size_t>(args.column_count);
  const Requantizer r = requantizer(args.requantize);
  const __m512 multiplier0 = _mm512_loadu_ps(args.panel + 128);
  const __m512 multiplier1 = _mm512_loadu_ps(args.panel + 192);
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  const __mmask32 mask = mask32(columns);
  std::byte* out = args.out;
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i += 2) {
    const __m512i a = round_sum(sums[i][0], multiplier0, r);
    const __m512i b = round_sum(sums[i][1], multiplier1, r);
    if (i + 1 < kRows) {
      const int next = i + 1 < kRows ? i + 1 : i;
      const __m512i c = round_sum(sums[next][0], multiplier0, r);
      const __m512i d = round_sum(sums[next][1], multiplier1, r);
      const __m512i bytes = _mm512_permutexvar_epi64(order, pack_bytes(a, b, c, d, r));
      _mm256_mask_storeu_epi8(out, mask, _mm512_castsi512_si256(bytes));
      _mm256_mask_storeu_epi8(out + args.out_stride, mask, _mm512_extracti64x4_epi64(bytes, 1));
      out += 2 * args.out_stride;
    } else {
      const __m512i bytes = _mm512_permutexvar_epi64(order, pack_bytes(a, b, a, b, r));
      _mm256_mask_storeu_epi8(out, mask, _mm512_castsi512_si256(bytes));
    }
  }
}

template <int kRows>
inline void store_bytes(const __m512i (&sums)[kRows][1], const TileArgs& args) {
  const auto columns = static_cast<std::size_t>(args.column_count);
  const Requantizer r = requantizer(args.requantize);
  const __m512 multiplier = _mm512_loadu_ps(args.panel + 64);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __mmask16 mask = mask16(columns);
  std::byte* out = args.out;
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i += 4) {
    __m512i rounded[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      rounded[j] =
          i + j < kRows ? round_sum(sums[i + j < kRows ? i + j : i][0], multiplier, r) : rounded[0];
    }
    const __m512i bytes = _mm512_permutexvar_epi32(
        order, pack_bytes(rounded[0], rounded[1], rounded[2], rounded[3], r));
    _mm_mask_storeu_epi8(out, mask, _mm512_castsi512_si128(bytes));
    if (i + 1 < kRows) {
      _mm_mask_storeu_epi8(out + args.out_stride, mask, _mm512_extracti32x4_epi32(bytes, 1));
    }
    if (i + 2 < kRows) {
      _mm_mask_storeu_epi8(out + 2 * args.out_stride, mask, _mm512_extracti32x4_epi32(bytes, 2));
    }
    if (i + 3 < kRows) {
      _mm_mask_storeu_epi8(out + 3 * args.out_stride, mask, _mm512_extracti32x4_epi32(bytes, 3));
    }
    out += 4 * args.out_stride;
  }
}

template <int kRows, int kVectors>
inline void store_tile(const __m512i (&sums)[kRows][kVectors], const TileArgs& args) {
  if (args.float_output) {
    store_float<kRows, kVectors>(sums, args);
  } else {
    store_bytes<kRows>(sums, args);
  }
}

}  // namespace
}  // namespace lathe::kernels::avx512

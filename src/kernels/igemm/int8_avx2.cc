// vpmaddubsw would saturate (255 * 127 * 2 > 32767): bytes are widened to 16 bits, and pairs
// multiplied and added exactly.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/igemm/tile.h"
#include "kernels/x86/requantize_avx2.h"

namespace lathe::kernels {
namespace {

inline __m256i load(const std::byte* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

template <int kRows, int kVectors>
inline void store_float(const __m256i (&sums)[kRows][kVectors], const TileArgs& args) {
  const auto columns = static_cast<std::size_t>(args.column_count);
  alignas(32) float buffer[kVectors * 8];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const auto* multiplier = reinterpret_cast<const float*>(args.panel + (kVectors + v) * 32);
      const __m256 scaled =
          _mm256_mul_ps(_mm256_cvtepi32_ps(sums[r][v]), _mm256_loadu_ps(multiplier));
      // Lane i of a full panel's vector v holds channels 8 i + 4 v and the three after it.
      float* at = buffer + v * 4;
      _mm_store_ps(at, _mm256_castps256_ps128(scaled));
      _mm_store_ps(at + kVectors * 4, _mm256_extractf128_ps(scaled, 1));
    }
    auto* out = reinterpret_cast<float*>(args.out + static_cast<std::size_t>(r) * args.out_stride);
    for (std::size_t c = 0; c < columns; ++c) out[c] = buffer[c];
  }
}

template <int kRows>
inline void store_rows(const __m256i (&sums)[kRows][2], const TileArgs& args) {
  const auto columns = static_cast<std::size_t>(args.column_count);
  const avx2::Requantizer r = avx2::requantizer(args.requantize);
  const __m256 multiplier0 = _mm256_castsi256_ps(load(args.panel + 64));
  const __m256 multiplier1 = _mm256_castsi256_ps(load(args.panel + 96));
  auto* out = reinterpret_cast<std::uint8_t*>(args.out);
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i += 2) {
    const int next = i + 1 < kRows ? i + 1 : i;
    const __m256i packed = avx2::pack_bytes(avx2::round_sum(sums[i][0], multiplier0, r),
                                            avx2::round_sum(sums[i][1], multiplier1, r),
                                            avx2::round_sum(sums[next][0], multiplier0, r),
                                            avx2::round_sum(sums[next][1], multiplier1, r), r);
    const __m256i bytes = _mm256_permute4x64_epi64(packed, 0xd8);
    avx2::store_bytes(out, _mm256_castsi256_si128(bytes), columns);
    out += args.out_stride;
    if (next > i) avx2::store_bytes(out, _mm256_extracti128_si256(bytes, 1), columns);
    out += args.out_stride;
  }
}

template <int kRows>
inline void store_rows(const __m256i (&sums)[kRows][1], const TileArgs& args) {
  const auto columns = static_cast<std::size_t>(args.column_count);
  const avx2::Requantizer r = avx2::requantizer(args.requantize);
  const __m256 multiplier = _mm256_castsi256_ps(load(args.panel + 32));
  auto* out = reinterpret_cast<std::uint8_t*>(args.out);
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
    const __m128i bytes = avx2::pack_eight(avx2::round_sum(sums[i][0], multiplier, r), r);
    avx2::store_bytes(out, bytes, columns);
    out += args.out_stride;
  }
}

// Of its own where there are offsets: a choice within costs registers that the sums need.
template <bool kOffsets, int kRows, int kVectors>
void tile(const TileArgs& args) {
  __m256i sums[kRows][kVectors];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sums[r][v] = load(args.panel + v * 32);
  }
  if constexpr (kOffsets) {
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const __m256i offset = _mm256_set1_epi32(args.row_offsets[r]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm256_add_epi32(sums[r][v], offset);
    }
  }

  const __m256i low_bytes = _mm256_set1_epi16(0xff);
  const std::byte* weights = args.panel + kVectors * 64;
  const std::byte* const* rows = args.rows;
  for (std::size_t t = 0; t < args.taps; ++t, rows += args.row_pitch) {
    const std::byte* x[kRows];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) x[r] = rows[r] + args.offset;
    for (std::size_t k = 0; k < args.depth; k += 4) {
      __m256i even[kVectors];
      __m256i odd[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const __m256i quads = load(weights + v * 32);
        even[v] = _mm256_srai_epi16(_mm256_slli_epi16(quads, 8), 8);
        odd[v] = _mm256_srai_epi16(quads, 8);
      }
      weights += kVectors * 32;
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        std::int32_t quad;
        __builtin_memcpy(&quad, x[r] + k, sizeof quad);
        const __m256i bytes = _mm256_set1_epi32(quad);
        const __m256i x_even = _mm256_and_si256(bytes, low_bytes);
        const __m256i x_odd = _mm256_srli_epi16(bytes, 8);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(x_even, even[v]),
                                               _mm256_madd_epi16(x_odd, odd[v]));
          sums[r][v] = _mm256_add_epi32(sums[r][v], sum);
        }
      }
    }
  }
  if (args.float_output) {
    store_float<kRows, kVectors>(sums, args);
  } else {
    store_rows<kRows>(sums, args);
  }
}

using Tile = void (*)(const TileArgs&);
template <bool kOffsets>
constexpr Tile kFull[] = {tile<kOffsets, 1, 2>, tile<kOffsets, 2, 2>, tile<kOffsets, 3, 2>,
                          tile<kOffsets, 4, 2>};
template <bool kOffsets>
constexpr Tile kHalf[] = {tile<kOffsets, 1, 1>, tile<kOffsets, 2, 1>, tile<kOffsets, 3, 1>,
                          tile<kOffsets, 4, 1>};

template <bool kOffsets>
void run(const TileArgs& args) {
  (args.half ? kHalf<kOffsets> : kFull<kOffsets>)[args.row_count - 1](args);
}

}  // namespace

void igemm_s8_4x16_avx2(const TileArgs& args) {
  args.row_offsets == nullptr ? run<false>(args) : run<true>(args);
}

}  // namespace lathe::kernels

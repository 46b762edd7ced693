// Two rows of one input column are interleaved and widened to pairs of 16 bits, so that one
// multiply-add covers a channel's two taps. With windows of three columns and rows, a column serves
// every output that reads it.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/depthwise_int8/args.h"
#include "kernels/x86/requantize_avx2.h"

namespace lathe::kernels {
namespace {

inline __m256i load(const std::byte* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
inline __m128i load_eight(const std::uint8_t* at) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
}

struct Lines {
  explicit Lines(const DepthwiseInt8Args& call)
      : args(call),
        requantizer(avx2::requantizer(call.requantize)),
        flip(_mm_set1_epi8(static_cast<char>(call.flip))),
        bias(load(call.block)),
        multiplier(_mm256_castsi256_ps(load(call.block + 32))) {}

  __attribute__((always_inline)) __m256i column(const std::uint8_t* const* rows, std::int64_t x,
                                                std::size_t group) const {
    const std::uint8_t* even = args.padding;
    const std::uint8_t* odd = args.padding;
    if (x >= 0 && x < args.in_w) {
      even = rows[group * 2] + x * args.pixel_stride;
      odd = rows[group * 2 + 1] + x * args.pixel_stride;
    }
    even += args.first_channel;
    odd += args.first_channel;
    const __m128i pairs = _mm_unpacklo_epi8(load_eight(even), load_eight(odd));
    return _mm256_cvtepu8_epi16(_mm_xor_si128(pairs, flip));
  }

  __attribute__((always_inline)) __m256i multiply(__m256i sums, __m256i x,
                                                  std::size_t group) const {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(x, load(args.block + 64 + group * 32)));
  }

  __attribute__((always_inline)) void store(__m256i sums, std::byte* out) const {
    if (args.float_output) {
      _mm256_storeu_ps(reinterpret_cast<float*>(out),
                       _mm256_mul_ps(_mm256_cvtepi32_ps(sums), multiplier));
      return;
    }
    const __m256i rounded = avx2::round_sum(sums, multiplier, requantizer);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), avx2::pack_eight(rounded, requantizer));
  }

  // Windows of three adjacent columns and three or four rows, a stride of 1.
  void run_three_columns(const std::uint8_t* const* line_rows, std::byte* out) const {
    const std::uint8_t* const rows[4] = {line_rows[0], line_rows[1], line_rows[2], line_rows[3]};
    std::int64_t x = -args.pad;
    __m256i first[2] = {column(rows, x, 0), column(rows, x, 1)};
    __m256i second[2] = {column(rows, x + 1, 0), column(rows, x + 1, 1)};
    for (std::int64_t i = 0; i < args.out_w; ++i, ++x, out += args.out_stride) {
      const __m256i third[2] = {column(rows, x + 2, 0), column(rows, x + 2, 1)};
      __m256i sums = bias;
      for (std::size_t g = 0; g < 2; ++g) {
        sums = multiply(sums, first[g], g);
        sums = multiply(sums, second[g], 2 + g);
        sums = multiply(sums, third[g], 4 + g);
        first[g] = second[g];
        second[g] = third[g];
      }
      store(sums, out);
    }
  }

  void run_any(const std::uint8_t* const* rows, std::byte* out) const {
    for (std::int64_t i = 0; i < args.out_w; ++i, out += args.out_stride) {
      __m256i sums = bias;
      std::size_t group = 0;
      for (std::int64_t kx = 0; kx < args.kernel_w; ++kx) {
        const std::int64_t x = i * args.stride - args.pad + kx * args.dilation;
        for (std::size_t g = 0; g < args.row_groups; ++g, ++group) {
          sums = multiply(sums, column(rows, x, g), group);
        }
      }
      store(sums, out);
    }
  }

  void run() const {
    const bool three_columns =
        args.kernel_w == 3 && args.dilation == 1 && args.stride == 1 && args.row_groups == 2;
    std::byte* out = args.out;
    for (std::size_t i = 0; i < args.line_count; ++i, out += args.out_line_stride) {
      const std::uint8_t* const* rows = args.rows + i * args.row_groups * 2;
      three_columns ? run_three_columns(rows, out) : run_any(rows, out);
    }
  }

  // By value: the compiler must not fear that a store changes it.
  DepthwiseInt8Args args;
  avx2::Requantizer requantizer;
  __m128i flip;
  __m256i bias;
  __m256 multiplier;
};

}  // namespace

void depthwise_s8_c8_avx2(const DepthwiseInt8Args& args) { Lines(args).run(); }

}  // namespace lathe::kernels

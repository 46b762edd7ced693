// Two rows of one input column are widened to pairs of 16 bits, so that one multiply-add covers a
// channel's two taps. With windows of three columns and rows, a column serves every output that
// reads it.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/depthwise_int8/args.h"
#include "kernels/x86/requantize_avx512.h"

namespace lathe::kernels {
namespace {

struct Lines {
  explicit Lines(const DepthwiseInt8Args& call)
      : args(call),
        mask(avx512::mask16(call.channels)),
        flip(_mm512_set1_epi16(call.flip)),
        bias(_mm512_loadu_si512(call.block)),
        multiplier(_mm512_loadu_ps(call.block + 64)),
        low(_mm512_set1_ps(call.requantize.low)),
        high(_mm512_set1_ps(call.requantize.high)),
        zero_point(_mm512_set1_epi32(call.requantize.zero_point ^ call.requantize.flip)) {
    // Only the lowest byte of a sum is stored: adding 128 equals the XOR with 0x80 there.
  }

  __attribute__((always_inline)) __m512i column(const std::uint8_t* const* rows, std::int64_t x,
                                                std::size_t group) const {
    const std::uint8_t* even = args.padding;
    const std::uint8_t* odd = args.padding;
    if (x >= 0 && x < args.in_w) {
      even = rows[group * 2] + x * args.pixel_stride;
      odd = rows[group * 2 + 1] + x * args.pixel_stride;
    }
    even += args.first_channel;
    odd += args.first_channel;
    const __m512i a = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, even));
    const __m512i b = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, odd));
    // (a | b << 16) ^ flip
    return _mm512_ternarylogic_epi32(a, _mm512_slli_epi32(b, 16), flip, 0x56);
  }

  __attribute__((always_inline)) __m512i multiply(__m512i sums, __m512i x,
                                                  std::size_t group) const {
    const __m512i weights = _mm512_loadu_si512(args.block + 128 + group * 64);
    return _mm512_add_epi32(sums, _mm512_madd_epi16(x, weights));
  }

  __attribute__((always_inline)) void store(__m512i sums, std::byte* out) const {
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), multiplier);
    if (args.float_output) {
      _mm512_mask_storeu_ps(out, mask, scaled);
      return;
    }
    const __m512 clamped = _mm512_max_ps(_mm512_min_ps(scaled, high), low);
    const __m512i rounded = _mm512_add_epi32(_mm512_cvtps_epi32(clamped), zero_point);
    _mm512_mask_cvtepi32_storeu_epi8(out, mask, rounded);
  }

  // Windows of three adjacent columns and three or four rows, a stride of 1.
  void run_three_columns(const std::uint8_t* const* line_rows, std::byte* out) const {
    const std::uint8_t* const rows[4] = {line_rows[0], line_rows[1], line_rows[2], line_rows[3]};
    std::int64_t x = -args.pad;
    __m512i first[2] = {column(rows, x, 0), column(rows, x, 1)};
    __m512i second[2] = {column(rows, x + 1, 0), column(rows, x + 1, 1)};
    for (std::int64_t i = 0; i < args.out_w; ++i, ++x, out += args.out_stride) {
      const __m512i third[2] = {column(rows, x + 2, 0), column(rows, x + 2, 1)};
      __m512i sums = bias;
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
      __m512i sums = bias;
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
  __mmask16 mask;
  __m512i flip;
  __m512i bias;
  __m512 multiplier;
  __m512 low;
  __m512 high;
  __m512i zero_point;
};

}  // namespace

void depthwise_s8_c16_avx512(const DepthwiseInt8Args& args) { Lines(args).run(); }

}  // namespace lathe::kernels

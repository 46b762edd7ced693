// Four rows of one input column are interleaved byte by byte, so that one dot product multiplies a
// channel's four taps at once. With windows of three columns, an interleaved column serves every
// output that reads it. Blocks are 64, 32 or 16 channels wide, with the register to match.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/depthwise_int8/args.h"
#include "kernels/x86/requantize_avx512.h"

namespace lathe::kernels {
namespace {

using avx512::Requantizer;

// The same operations on three sizes of register.
struct Wide64 {
  using Int = __m512i;
  using Float = __m512;
  using Mask = __mmask64;
  static constexpr std::size_t kBytes = 64;
  static Int load(const void* at) { return _mm512_loadu_si512(at); }
  static Float load_float(const void* at) { return _mm512_loadu_ps(at); }
  static Int load_part(Mask mask, const void* at) { return _mm512_maskz_loadu_epi8(mask, at); }
  static void store_part(void* at, Mask mask, Int v) { _mm512_mask_storeu_epi8(at, mask, v); }
  static Mask first(std::size_t count) { return avx512::mask64(count); }
  static Int broadcast(std::uint8_t v) { return _mm512_set1_epi8(static_cast<char>(v)); }
  static Int flip(Int v, Int mask) { return _mm512_xor_si512(v, mask); }
  static Int low8(Int a, Int b) { return _mm512_unpacklo_epi8(a, b); }
  static Int high8(Int a, Int b) { return _mm512_unpackhi_epi8(a, b); }
  static Int low16(Int a, Int b) { return _mm512_unpacklo_epi16(a, b); }
  static Int high16(Int a, Int b) { return _mm512_unpackhi_epi16(a, b); }
  static Int dot(Int sum, Int x, Int w) { return _mm512_dpbusd_epi32(sum, x, w); }
  static void store_scaled(float* at, Int sum, Float multiplier) {
    _mm512_storeu_ps(at, _mm512_mul_ps(_mm512_cvtepi32_ps(sum), multiplier));
  }
};

struct Wide32 {
  using Int = __m256i;
  using Float = __m256;
  using Mask = __mmask32;
  static constexpr std::size_t kBytes = 32;
  static Int load(const void* at) { return _mm256_loadu_si256(static_cast<const Int*>(at)); }
  static Float load_float(const void* at) {
    return _mm256_castsi256_ps(_mm256_loadu_si256(static_cast<const Int*>(at)));
  }
  static Int load_part(Mask mask, const void* at) { return _mm256_maskz_loadu_epi8(mask, at); }
  static void store_part(void* at, Mask mask, Int v) { _mm256_mask_storeu_epi8(at, mask, v); }
  static Mask first(std::size_t count) { return avx512::mask32(count); }
  static Int broadcast(std::uint8_t v) { return _mm256_set1_epi8(static_cast<char>(v)); }
  static Int flip(Int v, Int mask) { return _mm256_xor_si256(v, mask); }
  static Int low8(Int a, Int b) { return _mm256_unpacklo_epi8(a, b); }
  static Int high8(Int a, Int b) { return _mm256_unpackhi_epi8(a, b); }
  static Int low16(Int a, Int b) { return _mm256_unpacklo_epi16(a, b); }
  static Int high16(Int a, Int b) { return _mm256_unpackhi_epi16(a, b); }
  static Int dot(Int sum, Int x, Int w) { return _mm256_dpbusd_epi32(sum, x, w); }
  static void store_scaled(float* at, Int sum, Float multiplier) {
    _mm256_storeu_ps(at, _mm256_mul_ps(_mm256_cvtepi32_ps(sum), multiplier));
  }
};

struct Wide16 {
  using Int = __m128i;
  using Float = __m128;
  using Mask = __mmask16;
  static constexpr std::size_t kBytes = 16;
  static Int load(const void* at) { return _mm_loadu_si128(static_cast<const Int*>(at)); }
  static Float load_float(const void* at) {
    return _mm_castsi128_ps(_mm_loadu_si128(static_cast<const Int*>(at)));
  }
  static Int load_part(Mask mask, const void* at) { return _mm_maskz_loadu_epi8(mask, at); }
  static void store_part(void* at, Mask mask, Int v) { _mm_mask_storeu_epi8(at, mask, v); }
  static Mask first(std::size_t count) { return avx512::mask16(count); }
  static Int broadcast(std::uint8_t v) { return _mm_set1_epi8(static_cast<char>(v)); }
  static Int flip(Int v, Int mask) { return _mm_xor_si128(v, mask); }
  static Int low8(Int a, Int b) { return _mm_unpacklo_epi8(a, b); }
  static Int high8(Int a, Int b) { return _mm_unpackhi_epi8(a, b); }
  static Int low16(Int a, Int b) { return _mm_unpacklo_epi16(a, b); }
  static Int high16(Int a, Int b) { return _mm_unpackhi_epi16(a, b); }
  static Int dot(Int sum, Int x, Int w) { return _mm_dpbusd_epi32(sum, x, w); }
  static void store_scaled(float* at, Int sum, Float multiplier) {
    _mm_storeu_ps(at, _mm_mul_ps(_mm_cvtepi32_ps(sum), multiplier));
  }
};

// Quarter q holds channels 4 q to 4 q + 3 of each 16.
template <typename V>
struct Quarters {
  typename V::Int q[4];
};

template <typename V, bool kFlip>
struct Lines {
  explicit Lines(const DepthwiseInt8Args& call)
      : args(call),
        requantizer(avx512::requantizer(call.requantize)),
        flip(V::broadcast(call.flip)),
        mask(V::first(call.channels)) {
    for (int i = 0; i < 4; ++i) {
      bias.q[i] = V::load(args.block + static_cast<std::size_t>(i) * V::kBytes);
    }
  }

  // Four rows of an input column.
  __attribute__((always_inline)) Quarters<V> column(const std::uint8_t* const* rows,
                                                    std::int64_t x) const {
    typename V::Int row[4];
    const bool inside = x >= 0 && x < args.in_w;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t* at = inside ? rows[i] + x * args.pixel_stride : args.padding;
      row[i] = V::load_part(mask, at + args.first_channel);
      if constexpr (kFlip) row[i] = V::flip(row[i], flip);
    }
    const auto low01 = V::low8(row[0], row[1]);
    const auto low23 = V::low8(row[2], row[3]);
    const auto high01 = V::high8(row[0], row[1]);
    const auto high23 = V::high8(row[2], row[3]);
    return {{V::low16(low01, low23), V::high16(low01, low23), V::low16(high01, high23),
             V::high16(high01, high23)}};
  }

  __attribute__((always_inline)) void multiply(Quarters<V>& sums, const Quarters<V>& x,
                                               std::size_t group) const {
    const std::byte* weights = args.block + (8 + group * 4) * V::kBytes;
    for (std::size_t i = 0; i < 4; ++i) {
      sums.q[i] = V::dot(sums.q[i], x.q[i], V::load(weights + i * V::kBytes));
    }
  }

  __attribute__((always_inline)) void store(const Quarters<V>& sums, std::byte* out) const {
    const std::byte* multipliers = args.block + 4 * V::kBytes;
    if (args.float_output) {
      float scaled[V::kBytes];
      for (std::size_t i = 0; i < 4; ++i) {
        V::store_scaled(scaled + i * V::kBytes / 4, sums.q[i],
                        V::load_float(multipliers + i * V::kBytes));
      }
      for (std::size_t c = 0; c < args.channels; ++c) {
        reinterpret_cast<float*>(out)[c] =
            scaled[c % 16 / 4 * (V::kBytes / 4) + c / 16 * 4 + c % 4];
      }
      return;
    }
    typename V::Int rounded[4];
    for (std::size_t i = 0; i < 4; ++i) {
      rounded[i] =
          avx512::round_sum(sums.q[i], V::load_float(multipliers + i * V::kBytes), requantizer);
    }
    V::store_part(out, mask,
                  avx512::pack_bytes(rounded[0], rounded[1], rounded[2], rounded[3], requantizer));
  }

  // Windows of three adjacent columns and at most four rows, a stride of 1 or 2.
  template <int kStride>
  void run_three_columns(const std::uint8_t* const* line_rows, std::byte* out) const {
    const std::uint8_t* const rows[4] = {line_rows[0], line_rows[1], line_rows[2], line_rows[3]};
    std::int64_t x = -args.pad;
    Quarters<V> first = column(rows, x);
    Quarters<V> second = column(rows, x + 1);
    for (std::int64_t i = 0; i < args.out_w; ++i, x += kStride, out += args.out_stride) {
      const Quarters<V> third = column(rows, x + 2);
      Quarters<V> sums = bias;
      multiply(sums, first, 0);
      multiply(sums, second, 1);
      multiply(sums, third, 2);
      store(sums, out);
      if constexpr (kStride == 1) {
        first = second;
        second = third;
      } else {
        first = third;
        second = column(rows, x + 3);
      }
    }
  }

  void run_any(const std::uint8_t* const* rows, std::byte* out) const {
    for (std::int64_t i = 0; i < args.out_w; ++i, out += args.out_stride) {
      Quarters<V> sums = bias;
      std::size_t group = 0;
      for (std::int64_t kx = 0; kx < args.kernel_w; ++kx) {
        const std::int64_t x = i * args.stride - args.pad + kx * args.dilation;
        for (std::size_t g = 0; g < args.row_groups; ++g, ++group) {
          multiply(sums, column(rows + g * 4, x), group);
        }
      }
      store(sums, out);
    }
  }

  void run() const {
    const bool three_columns = args.kernel_w == 3 && args.dilation == 1 && args.row_groups == 1;
    std::byte* out = args.out;
    for (std::size_t i = 0; i < args.line_count; ++i, out += args.out_line_stride) {
      const std::uint8_t* const* rows = args.rows + i * args.row_groups * 4;
      if (three_columns && args.stride == 1) {
        run_three_columns<1>(rows, out);
      } else if (three_columns && args.stride == 2) {
        run_three_columns<2>(rows, out);
      } else {
        run_any(rows, out);
      }
    }
  }

  // By value: the compiler must not fear that a store changes it.
  DepthwiseInt8Args args;
  Requantizer requantizer;
  typename V::Int flip;
  typename V::Mask mask;
  Quarters<V> bias;
};

template <typename V>
void run_flipped(const DepthwiseInt8Args& args) {
  args.flip != 0 ? Lines<V, true>(args).run() : Lines<V, false>(args).run();
}

}  // namespace

void depthwise_s8_c64_avx512vnni(const DepthwiseInt8Args& args) {
  if (args.width == 64) {
    run_flipped<Wide64>(args);
  } else if (args.width == 32) {
    run_flipped<Wide32>(args);
  } else {
    run_flipped<Wide16>(args);
  }
}

}  // namespace lathe::kernels

// Bytes become float32 by being put under the exponent of 2^23, interleaved as packing takes them
// apart again.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/add_int8/args.h"
#include "kernels/x86/requantize_avx2.h"

namespace lathe::kernels {
namespace {

using Int = __m256i;
using Float = __m256;

// The scaled values of four quarters of a vector of bytes.
struct Scaled {
  Float q[4];
};

struct Operand {
  Int flip;
  Float offset;  // 2^23 + the zero point
  Float multiplier;

  [[nodiscard]] Scaled scale(Int bytes) const {
    const Int unsigned_bytes = _mm256_xor_si256(bytes, flip);
    const Int exponent = _mm256_set1_epi16(0x4b00);
    const Int low = _mm256_unpacklo_epi8(unsigned_bytes, _mm256_setzero_si256());
    const Int high = _mm256_unpackhi_epi8(unsigned_bytes, _mm256_setzero_si256());
    return {{scale_quarter(_mm256_unpacklo_epi16(low, exponent)),
             scale_quarter(_mm256_unpackhi_epi16(low, exponent)),
             scale_quarter(_mm256_unpacklo_epi16(high, exponent)),
             scale_quarter(_mm256_unpackhi_epi16(high, exponent))}};
  }

 private:
  [[nodiscard]] Float scale_quarter(Int bits) const {
    return _mm256_mul_ps(_mm256_sub_ps(_mm256_castsi256_ps(bits), offset), multiplier);
  }
};

inline Operand operand(std::uint8_t flip, std::int32_t zero_point, float multiplier) {
  return {_mm256_set1_epi8(static_cast<char>(flip)),
          _mm256_set1_ps(static_cast<float>(0x800000 + zero_point)), _mm256_set1_ps(multiplier)};
}

}  // namespace

void add_s8_avx2(const AddInt8Args& args) {
  const Operand a = operand(args.a_flip, args.a_zero_point, args.a_multiplier);
  const Operand b = operand(args.b_flip, args.b_zero_point, args.b_multiplier);
  const avx2::Requantizer r = avx2::requantizer(args.requantize);
  const auto add = [&](const std::uint8_t* in_a, const std::uint8_t* in_b, std::uint8_t* out) {
    const Scaled x = a.scale(_mm256_loadu_si256(reinterpret_cast<const Int*>(in_a)));
    const Scaled y = b.scale(_mm256_loadu_si256(reinterpret_cast<const Int*>(in_b)));
    Int rounded[4];
    for (int q = 0; q < 4; ++q) {
      rounded[q] = avx2::round_scaled(_mm256_add_ps(x.q[q], y.q[q]), r);
    }
    _mm256_storeu_si256(reinterpret_cast<Int*>(out),
                        avx2::pack_bytes(rounded[0], rounded[1], rounded[2], rounded[3], r));
  };
  std::size_t i = 0;
  for (; i + 32 <= args.count; i += 32) add(args.a + i, args.b + i, args.out + i);
  if (i == args.count) return;
  std::uint8_t tail_a[32] = {};
  std::uint8_t tail_b[32] = {};
  std::uint8_t tail_out[32];
  __builtin_memcpy(tail_a, args.a + i, args.count - i);
  __builtin_memcpy(tail_b, args.b + i, args.count - i);
  add(tail_a, tail_b, tail_out);
  __builtin_memcpy(args.out + i, tail_out, args.count - i);
}

}  // namespace lathe::kernels

// Bytes become float32 by being put under the exponent of 2^23, interleaved as packing takes them
// apart again.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/binary_int8/args.h"
#include "kernels/x86/requantize_avx2.h"

namespace lathe::kernels {
namespace {

using Int = __m256i;
using Float = __m256;

// The values of four quarters of a vector of bytes, less the zero point: exact.
struct Centred {
  Float q[4];
};

struct Operand {
  Int flip;
  Float offset;  // 2^23 + the zero point

  [[nodiscard]] Centred centre(Int bytes) const {
    const Int unsigned_bytes = _mm256_xor_si256(bytes, flip);
    const Int exponent = _mm256_set1_epi16(0x4b00);
    const Int low = _mm256_unpacklo_epi8(unsigned_bytes, _mm256_setzero_si256());
    const Int high = _mm256_unpackhi_epi8(unsigned_bytes, _mm256_setzero_si256());
    return {{centre_quarter(_mm256_unpacklo_epi16(low, exponent)),
             centre_quarter(_mm256_unpackhi_epi16(low, exponent)),
             centre_quarter(_mm256_unpacklo_epi16(high, exponent)),
             centre_quarter(_mm256_unpackhi_epi16(high, exponent))}};
  }

 private:
  [[nodiscard]] Float centre_quarter(Int bits) const {
    return _mm256_sub_ps(_mm256_castsi256_ps(bits), offset);
  }
};

inline Operand operand(std::uint8_t flip, std::int32_t zero_point) {
  return {_mm256_set1_epi8(static_cast<char>(flip)),
          _mm256_set1_ps(static_cast<float>(0x800000 + zero_point))};
}

// combine(x, y): the float32 that is rounded for a quarter.
template <typename Combine>
inline void for_bytes(const BinaryInt8Args& args, const Combine& combine) {
  const Operand a = operand(args.a_flip, args.a_zero_point);
  const Operand b = operand(args.b_flip, args.b_zero_point);
  const avx2::Requantizer r = avx2::requantizer(args.requantize);
  const auto vector = [&](const std::uint8_t* in_a, const std::uint8_t* in_b, std::uint8_t* out) {
    const Centred x = a.centre(_mm256_loadu_si256(reinterpret_cast<const Int*>(in_a)));
    const Centred y = b.centre(_mm256_loadu_si256(reinterpret_cast<const Int*>(in_b)));
    Int rounded[4];
    for (int q = 0; q < 4; ++q) rounded[q] = avx2::round_scaled(combine(x.q[q], y.q[q]), r);
    _mm256_storeu_si256(reinterpret_cast<Int*>(out),
                        avx2::pack_bytes(rounded[0], rounded[1], rounded[2], rounded[3], r));
  };
  std::size_t i = 0;
  for (; i + 32 <= args.count; i += 32) vector(args.a + i, args.b + i, args.out + i);
  if (i == args.count) return;
  std::uint8_t tail_a[32] = {};
  std::uint8_t tail_b[32] = {};
  std::uint8_t tail_out[32];
  __builtin_memcpy(tail_a, args.a + i, args.count - i);
  __builtin_memcpy(tail_b, args.b + i, args.count - i);
  vector(tail_a, tail_b, tail_out);
  __builtin_memcpy(args.out + i, tail_out, args.count - i);
}

}  // namespace

void add_s8_avx2(const BinaryInt8Args& args) {
  const Float by_a = _mm256_set1_ps(args.a_multiplier);
  const Float by_b = _mm256_set1_ps(args.b_multiplier);
  for_bytes(args, [&](Float x, Float y) {
    return _mm256_add_ps(_mm256_mul_ps(x, by_a), _mm256_mul_ps(y, by_b));
  });
}

void mul_s8_avx2(const BinaryInt8Args& args) {
  const Float by = _mm256_set1_ps(args.a_multiplier);
  for_bytes(args, [&](Float x, Float y) { return _mm256_mul_ps(_mm256_mul_ps(x, y), by); });
}

}  // namespace lathe::kernels

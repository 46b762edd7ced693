// Bytes become float32 by being put under the exponent of 2^23, interleaved as packing takes them
// apart again.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/binary_int8/args.h"
#include "kernels/x86/requantize_avx512.h"

namespace lathe::kernels {
namespace {

using Int = __m512i;
using Float = __m512;

// The values of four quarters of a vector of bytes, less the zero point: exact.
struct Centred {
  Float q[4];
};

struct Operand {
  Int flip;
  Float offset;  // 2^23 + the zero point

  [[nodiscard]] Centred centre(Int bytes) const {
    const Int unsigned_bytes = _mm512_xor_si512(bytes, flip);
    const Int exponent = _mm512_set1_epi16(0x4b00);
    const Int low = _mm512_unpacklo_epi8(unsigned_bytes, _mm512_setzero_si512());
    const Int high = _mm512_unpackhi_epi8(unsigned_bytes, _mm512_setzero_si512());
    return {{centre_quarter(_mm512_unpacklo_epi16(low, exponent)),
             centre_quarter(_mm512_unpackhi_epi16(low, exponent)),
             centre_quarter(_mm512_unpacklo_epi16(high, exponent)),
             centre_quarter(_mm512_unpackhi_epi16(high, exponent))}};
  }

 private:
  [[nodiscard]] Float centre_quarter(Int bits) const {
    return _mm512_sub_ps(_mm512_castsi512_ps(bits), offset);
  }
};

inline Operand operand(std::uint8_t flip, std::int32_t zero_point) {
  return {_mm512_set1_epi8(static_cast<char>(flip)),
          _mm512_set1_ps(static_cast<float>(0x800000 + zero_point))};
}

// combine(x, y): the float32 that is rounded for a quarter.
template <typename Combine>
inline void for_bytes(const BinaryInt8Args& args, const Combine& combine) {
  const Operand a = operand(args.a_flip, args.a_zero_point);
  const Operand b = operand(args.b_flip, args.b_zero_point);
  const avx512::Requantizer r = avx512::requantizer(args.requantize);
  for (std::size_t i = 0; i < args.count; i += 64) {
    const __mmask64 mask = avx512::mask64(args.count - i);
    const Centred x = a.centre(_mm512_maskz_loadu_epi8(mask, args.a + i));
    const Centred y = b.centre(_mm512_maskz_loadu_epi8(mask, args.b + i));
    Int rounded[4];
    for (int q = 0; q < 4; ++q) rounded[q] = avx512::round_scaled(combine(x.q[q], y.q[q]), r);
    _mm512_mask_storeu_epi8(args.out + i, mask,
                            avx512::pack_bytes(rounded[0], rounded[1], rounded[2], rounded[3], r));
  }
}

}  // namespace

void add_s8_avx512(const BinaryInt8Args& args) {
  const Float by_a = _mm512_set1_ps(args.a_multiplier);
  const Float by_b = _mm512_set1_ps(args.b_multiplier);
  for_bytes(args, [&](Float x, Float y) {
    return _mm512_add_ps(_mm512_mul_ps(x, by_a), _mm512_mul_ps(y, by_b));
  });
}

void mul_s8_avx512(const BinaryInt8Args& args) {
  const Float by = _mm512_set1_ps(args.a_multiplier);
  for_bytes(args, [&](Float x, Float y) { return _mm512_mul_ps(_mm512_mul_ps(x, y), by); });
}

}  // namespace lathe::kernels

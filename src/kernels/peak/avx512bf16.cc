#include <immintrin.h>

#include "kernels/peak/args.h"

namespace lathe::kernels {

float bf16_loop_avx512bf16(std::size_t turns, std::uint16_t factor) {
  constexpr int kSums = 16;
  const auto a = reinterpret_cast<__m512bh>(_mm512_set1_epi16(0x3f80));  // 1
  const auto b = reinterpret_cast<__m512bh>(_mm512_set1_epi16(static_cast<short>(factor)));
  __m512 x[kSums];
#pragma GCC unroll 16
  for (int i = 0; i < kSums; ++i) x[i] = _mm512_set1_ps(static_cast<float>(i));
  for (; turns > 0; --turns) {
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i) x[i] = _mm512_dpbf16_ps(x[i], a, b);
  }
#pragma GCC unroll 16
  for (int i = 1; i < kSums; ++i) x[0] = _mm512_add_ps(x[0], x[i]);
  return _mm512_cvtss_f32(x[0]);
}

}  // namespace lathe::kernels

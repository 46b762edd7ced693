// Whole vectors only: the last one overlaps the one before, so that at least 8 channels are needed.
#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/pooling_int8/args.h"
#include "kernels/x86/requantize_avx2.h"

namespace lathe::kernels {
namespace {

struct Bytes32 {
  using Int = __m256i;
  static constexpr std::size_t kBytes = 32;
  static Int broadcast(std::uint8_t v) { return _mm256_set1_epi8(static_cast<char>(v)); }
  static Int load(const std::uint8_t* at) {
    return _mm256_loadu_si256(reinterpret_cast<const Int*>(at));
  }
  static void store(std::uint8_t* at, Int v) { _mm256_storeu_si256(reinterpret_cast<Int*>(at), v); }
  static Int flip(Int v, Int mask) { return _mm256_xor_si256(v, mask); }
  static Int max(Int a, Int b) { return _mm256_max_epu8(a, b); }
};

struct Bytes16 {
  using Int = __m128i;
  static constexpr std::size_t kBytes = 16;
  static Int broadcast(std::uint8_t v) { return _mm_set1_epi8(static_cast<char>(v)); }
  static Int load(const std::uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const Int*>(at));
  }
  static void store(std::uint8_t* at, Int v) { _mm_storeu_si128(reinterpret_cast<Int*>(at), v); }
  static Int flip(Int v, Int mask) { return _mm_xor_si128(v, mask); }
  static Int max(Int a, Int b) { return _mm_max_epu8(a, b); }
};

struct Bytes8 : Bytes16 {
  static constexpr std::size_t kBytes = 8;
  static Int load(const std::uint8_t* at) {
    return _mm_loadl_epi64(reinterpret_cast<const Int*>(at));
  }
  static void store(std::uint8_t* at, Int v) { _mm_storel_epi64(reinterpret_cast<Int*>(at), v); }
};

template <typename V>
void max_pool(const PoolInt8Args& args) {
  const auto flip = V::broadcast(args.flip);
  for (std::size_t next = 0; next < args.channels; next += V::kBytes) {
    const std::size_t c = next + V::kBytes <= args.channels ? next : args.channels - V::kBytes;
    auto best = V::broadcast(0);
    for (std::size_t y = 0; y < args.height; ++y) {
      const std::uint8_t* in = args.in + y * args.row_stride + c;
      for (std::size_t x = 0; x < args.width; ++x, in += args.column_stride) {
        best = V::max(best, V::flip(V::load(in), flip));
      }
    }
    V::store(args.out + c, V::flip(best, flip));
  }
}

}  // namespace

void max_pool_s8_avx2(const PoolInt8Args& args) {
  if (args.channels >= 32) {
    max_pool<Bytes32>(args);
  } else if (args.channels >= 16) {
    max_pool<Bytes16>(args);
  } else {
    max_pool<Bytes8>(args);
  }
}

void average_pool_s8_avx2(const AveragePoolInt8Args& args) {
  const PoolInt8Args& pool = args.pool;
  const avx2::Requantizer r = avx2::requantizer(args.requantize);
  const __m256 multiplier = _mm256_set1_ps(args.multiplier);
  const __m128i flip = _mm_set1_epi8(static_cast<char>(pool.flip));
  for (std::size_t next = 0; next < pool.channels; next += 8) {
    const std::size_t c = next + 8 <= pool.channels ? next : pool.channels - 8;
    __m256i sum = _mm256_set1_epi32(args.offset);
    for (std::size_t y = 0; y < pool.height; ++y) {
      const std::uint8_t* in = pool.in + y * pool.row_stride + c;
      for (std::size_t x = 0; x < pool.width; ++x, in += pool.column_stride) {
        const __m128i value = _mm_xor_si128(Bytes8::load(in), flip);
        sum = _mm256_add_epi32(sum, _mm256_cvtepu8_epi32(value));
      }
    }
    Bytes8::store(pool.out + c, avx2::pack_eight(avx2::round_sum(sum, multiplier, r), r));
  }
}

}  // namespace lathe::kernels

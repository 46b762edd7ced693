// AMX's tile instructions, which take numbers of tiles as literals. With LATHE_EMULATED_TILES plain
// code does what they do, so that kernels can be tested on any machine. For files of AMX kernels
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#ifdef LATHE_EMULATED_TILES

namespace lathe::kernels::emulated {
namespace {

constexpr int kRows = 16;
constexpr int kBytes = 64;
thread_local std::uint8_t tiles[8][kRows][kBytes];

inline void zero(int tile) { __builtin_memset(tiles[tile], 0, sizeof tiles[tile]); }
inline void load(int tile, const void* from, std::size_t stride) {
  for (int r = 0; r < kRows; ++r) {
    const auto* row = static_cast<const std::uint8_t*>(from) + static_cast<std::size_t>(r) * stride;
    __builtin_memcpy(tiles[tile][r], row, kBytes);
  }
}
inline void store(int tile, void* to, std::size_t stride) {
  for (int r = 0; r < kRows; ++r) {
    auto* row = static_cast<std::uint8_t*>(to) + static_cast<std::size_t>(r) * stride;
    __builtin_memcpy(row, tiles[tile][r], kBytes);
  }
}
// Unsigned bytes of a times signed bytes of b.
inline void multiply_u8s8(int sum, int a, int b) {
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kBytes / 4; ++c) {
      std::uint32_t total;
      __builtin_memcpy(&total, &tiles[sum][r][4 * c], sizeof total);
      for (int k = 0; k < kBytes; ++k) {
        const int weight = static_cast<std::int8_t>(tiles[b][k / 4][4 * c + k % 4]);
        total += static_cast<std::uint32_t>(tiles[a][r][k] * weight);
      }
      __builtin_memcpy(&tiles[sum][r][4 * c], &total, sizeof total);
    }
  }
}

inline float widened(const std::uint8_t* at) {
  std::uint16_t half;
  __builtin_memcpy(&half, at, sizeof half);
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16U;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}
// Pairs of bfloat16.
inline void multiply_bf16(int sum, int a, int b) {
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kBytes / 4; ++c) {
      float total;
      __builtin_memcpy(&total, &tiles[sum][r][4 * c], sizeof total);
      for (int k = 0; k < kBytes; k += 2)
        total += widened(&tiles[a][r][k]) * widened(&tiles[b][k / 4][4 * c + k % 4]);
      __builtin_memcpy(&tiles[sum][r][4 * c], &total, sizeof total);
    }
  }
}

}  // namespace
}  // namespace lathe::kernels::emulated

#define LATHE_TILE_CONFIGURE(shapes) static_cast<void>(shapes)
#define LATHE_TILE_RELEASE() static_cast<void>(0)
#define LATHE_TILE_ZERO(tile) emulated::zero(tile)
#define LATHE_TILE_LOAD(tile, from, stride) emulated::load(tile, from, stride)
#define LATHE_TILE_STORE(tile, to, stride) emulated::store(tile, to, stride)
#define LATHE_TILE_MULTIPLY_U8S8(sum, a, b) emulated::multiply_u8s8(sum, a, b)
#define LATHE_TILE_MULTIPLY_BF16(sum, a, b) emulated::multiply_bf16(sum, a, b)

#else

#define LATHE_TILE_CONFIGURE(shapes) _tile_loadconfig(shapes)
#define LATHE_TILE_RELEASE() _tile_release()
#define LATHE_TILE_ZERO(tile) _tile_zero(tile)
#define LATHE_TILE_LOAD(tile, from, stride) _tile_loadd(tile, from, stride)
#define LATHE_TILE_STORE(tile, to, stride) _tile_stored(tile, to, stride)
#define LATHE_TILE_MULTIPLY_U8S8(sum, a, b) _tile_dpbusd(sum, a, b)
#define LATHE_TILE_MULTIPLY_BF16(sum, a, b) _tile_dpbf16ps(sum, a, b)

#endif

namespace lathe::kernels {
namespace {

// As LDTILECFG reads it: eight tiles of 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileShapes) == 64);

// Not on the stack: the compiler does not know how much of it the instruction reads.
constexpr TileShapes kTileShapes;

}  // namespace
}  // namespace lathe::kernels

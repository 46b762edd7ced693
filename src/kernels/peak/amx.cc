#include <immintrin.h>

#include "kernels/peak/args.h"

namespace lathe::kernels {
namespace {

// As LDTILECFG reads it.
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
constexpr int kRowBytes = 64;

}  // namespace

// Tiles 0 to 3 are sums, 4 to 7 factors: two by two of them.
#define LATHE_AMX_LOOP(function, multiply, Sum)                   \
  void function(std::size_t turns, const void* tile, Sum* sums) { \
    _tile_loadconfig(&kTileShapes);                               \
    _tile_zero(0);                                                \
    _tile_zero(1);                                                \
    _tile_zero(2);                                                \
    _tile_zero(3);                                                \
    _tile_loadd(4, tile, kRowBytes);                              \
    _tile_loadd(5, tile, kRowBytes);                              \
    _tile_loadd(6, tile, kRowBytes);                              \
    _tile_loadd(7, tile, kRowBytes);                              \
    for (; turns > 0; --turns) {                                  \
      multiply(0, 4, 6);                                          \
      multiply(1, 4, 7);                                          \
      multiply(2, 5, 6);                                          \
      multiply(3, 5, 7);                                          \
    }                                                             \
    _tile_stored(0, sums, kRowBytes);                             \
    _tile_release();                                              \
  }

LATHE_AMX_LOOP(amx_int8_loop, _tile_dpbssd, std::int32_t)
LATHE_AMX_LOOP(amx_bf16_loop, _tile_dpbf16ps, float)
#undef LATHE_AMX_LOOP

}  // namespace lathe::kernels

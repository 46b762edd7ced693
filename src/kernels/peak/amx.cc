#include "kernels/peak/args.h"
#include "kernels/x86/tile_ops.h"

namespace lathe::kernels {
namespace {

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

// Tiles of AMX: 32 pixels by 32 channels in two by two tiles of sums, 64 input channels at a time.
#include "kernels/igemm/amx.h"

#include "kernels/igemm/int8_store_avx512.h"
#include "kernels/x86/requantize_avx512.h"
#include "kernels/x86/tile_ops.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kTileRows = 16;
constexpr std::size_t kTileBytes = 64;

// The sums of rows that tiles have written to memory, with the biases of the panel and the offsets
// of the rows.
template <int kVectors>
void finish(const TileArgs& args, const std::int32_t (&tile)[2 * kTileRows][kVectors * 16]) {
  TileArgs part = args;
  __m512i bias[kVectors];
  for (int v = 0; v < kVectors; ++v)
    bias[v] = _mm512_loadu_si512(args.panel + static_cast<std::size_t>(v) * kTileBytes);
  const auto load = [&](std::size_t row, __m512i(&sums)[kVectors]) {
    const std::int32_t offset = args.row_offsets == nullptr ? 0 : args.row_offsets[row];
    for (int v = 0; v < kVectors; ++v) {
      sums[v] = _mm512_add_epi32(_mm512_load_si512(&tile[row][v * 16]),
                                 _mm512_add_epi32(bias[v], _mm512_set1_epi32(offset)));
    }
  };
  const auto row_count = static_cast<std::size_t>(args.row_count);
  std::size_t row = 0;
  for (; row + 4 <= row_count; row += 4, part.out += 4 * args.out_stride) {
    __m512i sums[4][kVectors];
    for (std::size_t i = 0; i < 4; ++i) load(row + i, sums[i]);
    avx512::store_tile<4, kVectors>(sums, part);
  }
  for (; row < row_count; ++row, part.out += args.out_stride) {
    __m512i sums[1][kVectors];
    load(row, sums[0]);
    avx512::store_tile<1, kVectors>(sums, part);
  }
}

// Of a whole or a half panel. Rows beyond row_count are read, and their sums not used.
template <int kVectors>
void tile(const TileArgs& args) {
  constexpr bool kWhole = kVectors == 2;
  constexpr std::size_t kLine = kVectors * kTileBytes;  // a quad of all channels
  const std::byte* a = args.rows[0] + args.offset;
  const std::size_t stride = args.row_stride;
  const std::byte* weights = args.panel + 2 * kLine;
  const bool tall = args.row_count > static_cast<int>(kTileRows);
  alignas(64) std::int32_t sums[2 * kTileRows][kVectors * 16];
  LATHE_TILE_ZERO(0);
  LATHE_TILE_ZERO(1);
  LATHE_TILE_ZERO(2);
  LATHE_TILE_ZERO(3);
  for (std::size_t k = 0; k < args.depth; k += kTileBytes) {
    LATHE_TILE_LOAD(6, weights, kLine);
    if constexpr (kWhole) LATHE_TILE_LOAD(7, weights + kTileBytes, kLine);
    LATHE_TILE_LOAD(4, a, stride);
    LATHE_TILE_MULTIPLY_U8S8(0, 4, 6);
    if constexpr (kWhole) LATHE_TILE_MULTIPLY_U8S8(1, 4, 7);
    if (tall) {
      LATHE_TILE_LOAD(5, a + kTileRows * stride, stride);
      LATHE_TILE_MULTIPLY_U8S8(2, 5, 6);
      if constexpr (kWhole) LATHE_TILE_MULTIPLY_U8S8(3, 5, 7);
    }
    a += kTileBytes;
    weights += kTileRows * kLine;
  }
  LATHE_TILE_STORE(0, &sums[0][0], kLine);
  if constexpr (kWhole) LATHE_TILE_STORE(1, &sums[0][16], kLine);
  if (tall) {
    LATHE_TILE_STORE(2, &sums[kTileRows][0], kLine);
    if constexpr (kWhole) LATHE_TILE_STORE(3, &sums[kTileRows][16], kLine);
  }
  finish<kVectors>(args, sums);
}

}  // namespace

void LATHE_AMX_FUNCTION(igemm_s8_32x32)(const TileArgs& args) {
  args.half ? tile<1>(args) : tile<2>(args);
}

void LATHE_AMX_FUNCTION(configure_tiles)() { LATHE_TILE_CONFIGURE(&kTileShapes); }

void LATHE_AMX_FUNCTION(release_tiles)() { LATHE_TILE_RELEASE(); }

}  // namespace lathe::kernels

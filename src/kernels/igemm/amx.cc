// Tiles of AMX: 32 pixels by 32 channels in two by two tiles of sums, 64 bytes of inputs at a time.
// While sums of one such block are made, those of the block before are finished and written.
#include "kernels/igemm/amx.h"

#include "kernels/igemm/int8_store_avx512.h"
#include "kernels/x86/tile_ops.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kTileRows = 16;
constexpr std::size_t kTileBytes = 64;
constexpr std::size_t kBlockRows = 2 * kTileRows;
constexpr std::size_t kFinishRows = 4;  // at once

// Sums of bytes.
struct Int8 {
  static constexpr bool kFloat = false;
  static constexpr std::size_t kHeadLines =
      2;  // of a panel before the weights: biases, multipliers
  static constexpr std::size_t kElementBytes = 1;

  template <int kRows, int kVectors>
  static void finish(const TileArgs& args, std::size_t row, const std::byte* tile) {
    __m512i sums[kRows][kVectors];
    for (int r = 0; r < kRows; ++r) {
      const std::size_t at = row + static_cast<std::size_t>(r);
      const auto offset = _mm512_set1_epi32(args.row_offsets == nullptr ? 0 : args.row_offsets[at]);
      for (int v = 0; v < kVectors; ++v, tile += kTileBytes) {
        const __m512i bias = _mm512_loadu_si512(args.panel + v * kTileBytes);
        sums[r][v] = _mm512_add_epi32(_mm512_load_si512(tile), _mm512_add_epi32(bias, offset));
      }
    }
    TileArgs part = args;
    part.out += row * args.out_stride;
    avx512::store_tile<kRows, kVectors>(sums, part);
  }
};

// Sums of bfloat16.
struct BF16 {
  static constexpr bool kFloat = true;
  static constexpr std::size_t kHeadLines = 1;
  static constexpr std::size_t kElementBytes = 2;

  template <int kRows, int kVectors>
  static void finish(const TileArgs& args, std::size_t row, const std::byte* tile) {
    const __m512 low = _mm512_set1_ps(args.min);
    const __m512 high = _mm512_set1_ps(args.max);
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::size_t at = (row + r) * args.out_stride;
      for (std::size_t v = 0; v < kVectors; ++v, tile += kTileBytes) {
        const std::size_t first = v * 16;
        if (first >= static_cast<std::size_t>(args.column_count)) continue;
        const __mmask16 mask = avx512::mask16(static_cast<std::size_t>(args.column_count) - first);
        __m512 sum = _mm512_add_ps(_mm512_load_ps(tile), _mm512_loadu_ps(args.panel + first * 4));
        if (args.residual != nullptr) {
          const __m256i bits = _mm256_maskz_loadu_epi16(mask, args.residual + at + first * 2);
          sum = _mm512_add_ps(sum, widened(bits));
        }
        sum = _mm512_min_ps(high, _mm512_max_ps(low, sum));
        if (args.float_output) {
          _mm512_mask_storeu_ps(args.out + at + first * 4, mask, sum);
        } else {
          const auto bits = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(sum));
          _mm256_mask_storeu_epi16(args.out + at + first * 2, mask, bits);
        }
      }
    }
  }

  static __m512 widened(__m256i bits) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
};

// Sums that wait to be finished.
template <typename Op, int kVectors>
struct Pending {
  const std::byte* sums = nullptr;
  std::size_t row = 0;
  std::size_t end = 0;

  void finish(const TileArgs& args, std::size_t groups) {
    for (; groups > 0 && row + kFinishRows <= end; --groups) finish_rows<kFinishRows>(args);
  }
  void finish_all(const TileArgs& args) {
    while (row + kFinishRows <= end) finish_rows<kFinishRows>(args);
    while (row < end) finish_rows<1>(args);
  }

 private:
  template <int kRows>
  void finish_rows(const TileArgs& args) {
    Op::template finish<kRows, kVectors>(args, row, sums);
    row += kRows;
    sums += kRows * kVectors * kTileBytes;
  }
};

#define LATHE_MULTIPLY(sum, a, b)          \
  do {                                     \
    if constexpr (Op::kFloat)              \
      LATHE_TILE_MULTIPLY_BF16(sum, a, b); \
    else                                   \
      LATHE_TILE_MULTIPLY_U8S8(sum, a, b); \
  } while (false)

// Of a whole or a half panel. Rows beyond row_count are read, and their sums not used.
template <typename Op, int kVectors>
void blocks(const TileArgs& args) {
  constexpr bool kWhole = kVectors == 2;
  constexpr std::size_t kLine = kVectors * kTileBytes;  // weights of 4 bytes of all channels
  const auto rows = static_cast<std::size_t>(args.row_count);
  const std::size_t depth_bytes = args.depth * Op::kElementBytes;
  const std::size_t steps = depth_bytes / kTileBytes;
  const std::size_t groups = (kBlockRows / kFinishRows + steps - 1) / steps;
  alignas(64) std::byte sums[2][kBlockRows * kLine];
  Pending<Op, kVectors> pending;
  for (std::size_t row = 0; row < rows; row += kBlockRows) {
    const std::byte* a = args.rows[0] + args.offset + row * args.row_stride;
    const std::byte* weights = args.panel + Op::kHeadLines * kLine;
    const bool tall = rows - row > kTileRows;
    LATHE_TILE_ZERO(0);
    LATHE_TILE_ZERO(1);
    LATHE_TILE_ZERO(2);
    LATHE_TILE_ZERO(3);
    for (std::size_t step = 0; step < steps; ++step) {
      LATHE_TILE_LOAD(6, weights, kLine);
      if constexpr (kWhole) LATHE_TILE_LOAD(7, weights + kTileBytes, kLine);
      LATHE_TILE_LOAD(4, a, args.row_stride);
      LATHE_MULTIPLY(0, 4, 6);
      if constexpr (kWhole) LATHE_MULTIPLY(1, 4, 7);
      if (tall) {
        LATHE_TILE_LOAD(5, a + kTileRows * args.row_stride, args.row_stride);
        LATHE_MULTIPLY(2, 5, 6);
        if constexpr (kWhole) LATHE_MULTIPLY(3, 5, 7);
      }
      pending.finish(args, groups);
      a += kTileBytes;
      weights += kTileRows * kLine;
    }
    pending.finish_all(args);
    std::byte* const made = sums[row / kBlockRows % 2];
    LATHE_TILE_STORE(0, made, kLine);
    if constexpr (kWhole) LATHE_TILE_STORE(1, made + kTileBytes, kLine);
    if (tall) {
      LATHE_TILE_STORE(2, made + kTileRows * kLine, kLine);
      if constexpr (kWhole) LATHE_TILE_STORE(3, made + kTileRows * kLine + kTileBytes, kLine);
    }
    pending.sums = made;
    pending.row = row;
    pending.end = row + kBlockRows < rows ? row + kBlockRows : rows;
  }
  pending.finish_all(args);
}

}  // namespace

void LATHE_AMX_FUNCTION(igemm_s8_32x32)(const TileArgs& args) {
  args.half ? blocks<Int8, 1>(args) : blocks<Int8, 2>(args);
}

void LATHE_AMX_FUNCTION(igemm_bf16_32x32)(const TileArgs& args) {
  args.half ? blocks<BF16, 1>(args) : blocks<BF16, 2>(args);
}

void LATHE_AMX_FUNCTION(configure_tiles)() { LATHE_TILE_CONFIGURE(&kTileShapes); }
void LATHE_AMX_FUNCTION(release_tiles)() { LATHE_TILE_RELEASE(); }

}  // namespace lathe::kernels

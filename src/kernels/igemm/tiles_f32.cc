#include "kernels/igemm/tile.h"

#define HWY_TARGET_INCLUDE "kernels/igemm/tiles_f32.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

// How far ahead weights are fetched into the level 2 cache, in floats: some of the time that memory
// takes to send them. The level 1 cache has no room for more.
constexpr std::size_t kAhead = 1024;
constexpr std::size_t kLine = 64;  // bytes of a cache line

// A fused multiply-add takes 4 cycles and 2 start in each, so that 8 sums must be under way at
// once. Short tiles get there by splitting each sum into chains over alternate k.
constexpr int chains(int rows, int vectors) {
  return rows * vectors >= 8 ? 1 : rows * vectors >= 4 ? 2 : 4;
}

// What is read or written once the sums are there is far away, and comes while they are computed.
template <int kRows>
HWY_INLINE void fetch(const std::byte* at, std::size_t stride, std::size_t bytes) {
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i, at += stride) {
    for (std::size_t j = 0; j < bytes; j += kLine) __builtin_prefetch(at + j, 1);
  }
}

// Adds the residual, clamps and stores; the columns beyond the tile's are left alone.
template <int kRows, int kVectors, bool kWhole>
HWY_INLINE void finish(const TileArgs& args, VF32 (&sums)[kRows][kVectors]) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const auto columns = static_cast<std::size_t>(args.column_count);
  const std::size_t stride = args.out_stride / sizeof(float);
  const VF32 low = hn::Set(f, args.min);
  const VF32 high = hn::Set(f, args.max);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const std::size_t first = static_cast<std::size_t>(v) * lanes;
    if (!kWhole && first >= columns) return;
    const std::size_t left = kWhole ? lanes : columns - first;
    if (args.residual != nullptr) {
      const auto* residual = reinterpret_cast<const float*>(args.residual) + first;
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i, residual += stride) {
        sums[i][v] =
            hn::Add(sums[i][v], kWhole ? hn::LoadU(f, residual) : load_first(f, residual, left));
      }
    }
    auto* out = reinterpret_cast<float*>(args.out) + first;
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i, out += stride) {
      const VF32 value = clamp(sums[i][v], low, high);
      if constexpr (kWhole) {
        hn::StoreU(value, f, out);
      } else {
        store_first(value, f, out, left);
      }
    }
  }
}

// One step of k: a row of weights times a value of each input row.
template <int kRows, int kVectors>
HWY_INLINE void step(const float* (&rows)[kRows], std::size_t k, const float* weights,
                     VF32 (&sums)[kRows][kVectors]) {
  const F32 f;
  VF32 columns[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v)
    columns[v] = hn::Load(f, weights + static_cast<std::size_t>(v) * hn::Lanes(f));
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    const VF32 value = hn::Set(f, rows[i][k]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::MulAdd(value, columns[v], sums[i][v]);
  }
}

template <int kRows, int kVectors>
void tile(const TileArgs& args) {
  constexpr int kChains = chains(kRows, kVectors);
  const F32 f;
  const std::size_t nr = static_cast<std::size_t>(kVectors) * hn::Lanes(f);
  const auto columns = static_cast<std::size_t>(args.column_count);
  fetch<kRows>(args.out, args.out_stride, columns * sizeof(float));
  if (args.residual != nullptr)
    fetch<kRows>(args.residual, args.out_stride, columns * sizeof(float));
  const auto* panel = reinterpret_cast<const float*>(args.panel);
  VF32 sums[kChains][kRows][kVectors];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sums[0][i][v] = hn::Load(f, panel + static_cast<std::size_t>(v) * hn::Lanes(f));
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) sums[c][i][v] = hn::Zero(f);
    }
  }
  const float* weights = panel + nr;
  for (std::size_t tap = 0; tap < args.taps; ++tap) {
    const float* rows[kRows];
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i)
      rows[i] = reinterpret_cast<const float*>(
          args.rows[tap * args.row_pitch + static_cast<std::size_t>(i)] + args.offset);
    std::size_t k = 0;
    for (; k + kChains <= args.depth; k += kChains) {
#pragma GCC unroll 4
      for (int c = 0; c < kChains; ++c, weights += nr) {
        for (std::size_t j = 0; j < nr; j += kLine / sizeof(float))
          __builtin_prefetch(weights + kAhead + j, 0, 2);
        step<kRows, kVectors>(rows, k + static_cast<std::size_t>(c), weights, sums[c]);
      }
    }
    if constexpr (kChains > 1) {
      for (; k < args.depth; ++k, weights += nr) step<kRows, kVectors>(rows, k, weights, sums[0]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) sums[0][i][v] = hn::Add(sums[0][i][v], sums[c][i][v]);
    }
  }
  if (columns == nr) {
    finish<kRows, kVectors, true>(args, sums[0]);
  } else {
    finish<kRows, kVectors, false>(args, sums[0]);
  }
}

// Tiles of up to kMost rows: a function for each height.
template <int kVectors, int kMost, int kRows = kMost>
HWY_INLINE void of_height(const TileArgs& args) {
  if constexpr (kRows > 1) {
    if (args.row_count < kRows) return of_height<kVectors, kMost, kRows - 1>(args);
  }
  tile<kRows, kVectors>(args);
}

}  // namespace

// Of half a panel and a whole one.
void igemm_f32(const TileArgs& args) {
#if HWY_TARGET == HWY_AVX3
  args.half ? of_height<1, 12>(args) : of_height<2, 12>(args);
#elif HWY_TARGET == HWY_AVX2
  args.half ? of_height<1, 6>(args) : of_height<2, 6>(args);
#else  // vectors of four lanes
  args.half ? of_height<2, 6>(args) : of_height<4, 6>(args);
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

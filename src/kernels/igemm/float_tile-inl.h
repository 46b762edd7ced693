// Tiles of products that are summed in float32, for float_tiles.cc, which includes this once for
// each set of instructions that multiply: no include guard, and inside of namespaces. A Dot has
//
//   Stored            an input's type
//   kInputs           of one step
//   Weights, Inputs   a vector of columns of so many rows of weights; so many inputs in each lane
//   weights(bytes), inputs(pointer), add(sums, inputs, weights)
//   narrow(sums)      to bfloat16, where that is stored

// How far ahead weights are fetched into the level 2 cache, in bytes: some of the time that memory
// takes to send them. The level 1 cache has no room for more.
constexpr std::size_t kAhead = 4096;
constexpr std::size_t kLine = 64;  // bytes of a cache line

// A fused multiply-add takes 4 cycles and 2 start in each, so that 8 sums must be under way at
// once. Tiles of few rows get there by splitting each sum into chains over alternate k.
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

HWY_INLINE std::size_t vector_bytes() { return hn::Lanes(F32()) * sizeof(float); }

// Adds the residual, clamps and stores; the columns beyond the tile's are left alone.
template <typename Dot, typename Stored, int kRows, int kVectors, bool kWhole>
HWY_INLINE void finish(const TileArgs& args, VF32 (&sums)[kRows][kVectors]) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const auto columns = static_cast<std::size_t>(args.column_count);
  const std::size_t stride = args.out_stride / sizeof(Stored);
  const VF32 low = hn::Set(f, args.min);
  const VF32 high = hn::Set(f, args.max);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const std::size_t first = static_cast<std::size_t>(v) * lanes;
    if (!kWhole && first >= columns) return;
    const std::size_t left = kWhole ? lanes : columns - first;
    if (args.residual != nullptr) {
      const auto* residual = reinterpret_cast<const Stored*>(args.residual) + first;
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i, residual += stride) {
        sums[i][v] =
            hn::Add(sums[i][v], kWhole ? load(f, residual) : load_first(f, residual, left));
      }
    }
    auto* out = reinterpret_cast<Stored*>(args.out) + first;
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i, out += stride) {
      const VF32 value = clamp(sums[i][v], low, high);
      if constexpr (sizeof(Stored) == sizeof(float)) {
        store_first(value, f, out, left);
      } else {
        store_first(Dot::narrow(value), BF16(), reinterpret_cast<std::uint16_t*>(out), left);
      }
    }
  }
}

template <typename Dot, typename Stored, int kRows, int kVectors>
HWY_INLINE void finish(const TileArgs& args, VF32 (&sums)[kRows][kVectors]) {
  if (static_cast<std::size_t>(args.column_count) == kVectors * hn::Lanes(F32())) {
    finish<Dot, Stored, kRows, kVectors, true>(args, sums);
  } else {
    finish<Dot, Stored, kRows, kVectors, false>(args, sums);
  }
}

// One step: Dot::kInputs rows of weights times as many inputs of each row from k on.
template <typename Dot, int kRows, int kVectors>
HWY_INLINE void step(const typename Dot::Stored* (&rows)[kRows], std::size_t k,
                     const std::byte* weights, VF32 (&sums)[kRows][kVectors]) {
  typename Dot::Weights columns[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v)
    columns[v] = Dot::weights(weights + static_cast<std::size_t>(v) * vector_bytes());
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    const typename Dot::Inputs inputs = Dot::inputs(rows[i] + k);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[i][v] = Dot::add(sums[i][v], inputs, columns[v]);
  }
}

template <typename Dot, int kRows, int kVectors, int kChains>
void tile(const TileArgs& args) {
  using Stored = typename Dot::Stored;
  constexpr auto kStep = static_cast<std::size_t>(kChains) * Dot::kInputs;
  const F32 f;
  // Of the weights of a step too.
  const std::size_t line_bytes = kVectors * vector_bytes();
  const auto columns = static_cast<std::size_t>(args.column_count);
  fetch<kRows>(args.out, args.out_stride, columns * sizeof(Stored));
  if (args.residual != nullptr)
    fetch<kRows>(args.residual, args.out_stride, columns * sizeof(Stored));
  const auto* bias = reinterpret_cast<const float*>(args.panel);
  VF32 sums[kChains][kRows][kVectors];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sums[0][i][v] = hn::Load(f, bias + static_cast<std::size_t>(v) * hn::Lanes(f));
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) sums[c][i][v] = hn::Zero(f);
    }
  }
  const std::byte* weights = args.panel + line_bytes;
  for (std::size_t tap = 0; tap < args.taps; ++tap) {
    const Stored* rows[kRows];
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      rows[i] = reinterpret_cast<const Stored*>(
          args.rows[tap * args.row_pitch + static_cast<std::size_t>(i)] + args.offset);
    }
    std::size_t k = 0;
    for (; k + kStep <= args.depth; k += kStep) {
#pragma GCC unroll 4
      for (int c = 0; c < kChains; ++c, weights += line_bytes) {
        for (std::size_t j = 0; j < line_bytes; j += kLine)
          __builtin_prefetch(weights + kAhead + j, 0, 2);
        step<Dot, kRows, kVectors>(rows, k + static_cast<std::size_t>(c) * Dot::kInputs, weights,
                                   sums[c]);
      }
    }
    if constexpr (kChains > 1) {
      for (; k < args.depth; k += Dot::kInputs, weights += line_bytes)
        step<Dot, kRows, kVectors>(rows, k, weights, sums[0]);
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
  if constexpr (sizeof(Stored) != sizeof(float)) {
    if (args.float_output) return finish<Dot, float, kRows, kVectors>(args, sums[0]);
  }
  finish<Dot, Stored, kRows, kVectors>(args, sums[0]);
}

// Tiles of up to kMost rows: a function for each height.
template <typename Dot, int kVectors, int kMost, bool kFewRows, int kRows = kMost>
HWY_INLINE void of_height(const TileArgs& args) {
  if constexpr (kRows > 1) {
    if (args.row_count < kRows) return of_height<Dot, kVectors, kMost, kFewRows, kRows - 1>(args);
  }
  tile<Dot, kRows, kVectors, chains(kFewRows ? kRows : kMost, kVectors)>(args);
}
template <typename Dot, int kVectors, int kMost>
HWY_INLINE void of_height(const TileArgs& args) {
  args.few_rows ? of_height<Dot, kVectors, kMost, true>(args)
                : of_height<Dot, kVectors, kMost, false>(args);
}

// Of half a panel and a whole one.
template <typename Dot>
HWY_INLINE void of_width(const TileArgs& args) {
#if HWY_TARGET == HWY_AVX3
  args.half ? of_height<Dot, 1, 12>(args) : of_height<Dot, 2, 12>(args);
#elif HWY_TARGET == HWY_AVX2
  args.half ? of_height<Dot, 1, 6>(args) : of_height<Dot, 2, 6>(args);
#else  // vectors of four lanes
  args.half ? of_height<Dot, 2, 6>(args) : of_height<Dot, 4, 6>(args);
#endif
}

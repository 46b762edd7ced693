// Tiles of products of bytes that are summed in int32, for int8_tiles.cc, which includes this once
// for each set of instructions that multiply: no include guard, and inside of namespaces. A Dot has
//
//   kRows             of a tile, at most
//   kPanelVectors     of sums that a whole panel has
//   Weights, Inputs   four inputs' weights of a vector of columns; four inputs in each lane
//   weights(bytes), inputs(pointer), add(sums, inputs, weights)

// How far ahead weights are fetched into the level 2 cache, in bytes: some of the time that memory
// takes to send them.
constexpr std::size_t kAhead = 4096;

HWY_INLINE std::size_t vector_bytes() { return hn::Lanes(I32()) * sizeof(std::int32_t); }

// Independent sums per output, so that at least 10 dot products are in flight where registers
// allow: they have a latency of 5 cycles and two start in each.
constexpr int chains(int outputs) { return outputs <= 2 ? 4 : outputs <= 5 ? 2 : 1; }

HWY_INLINE VF32 multipliers(const TileArgs& args, int vectors, int v) {
  const std::byte* at = args.panel + static_cast<std::size_t>(vectors + v) * vector_bytes();
  return hn::LoadU(F32(), reinterpret_cast<const float*>(at));
}

// Even words of 64 bits, then odd ones.
HWY_INLINE VU8 pairs_apart(VU8 bytes) {
#if HWY_TARGET == HWY_AVX3
  return VU8{_mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), bytes.raw)};
#elif HWY_TARGET == HWY_AVX2
  return VU8{_mm256_permute4x64_epi64(bytes.raw, 0xd8)};
#else
  return bytes;
#endif
}

// Rows of sums in the order of channels. Panels of two vectors hold them block by block of 128
// bits, as TileKernel::paired_lanes says.
template <int kVectors>
HWY_NOINLINE void store_floats(const TileArgs& args, const std::int32_t* sums) {
  const std::size_t lanes = hn::Lanes(I32());
  const auto* scales = reinterpret_cast<const float*>(args.panel + kVectors * vector_bytes());
  std::byte* out = args.out;
  for (int r = 0; r < args.row_count; ++r, out += args.out_stride, sums += kVectors * lanes) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(args.column_count); ++c) {
      const std::size_t slot = kVectors == 2 ? c / 4 % 2 * lanes + c / 8 * 4 + c % 4 : c;
      reinterpret_cast<float*>(out)[c] = static_cast<float>(sums[slot]) * scales[slot];
    }
  }
}

template <int kRows, int kVectors>
HWY_INLINE void finish_float(const TileArgs& args, const VI32 (&sums)[kRows][kVectors]) {
  HWY_ALIGN std::int32_t stored[kRows * kVectors * hn::MaxLanes(I32())];
  std::int32_t* at = stored;
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v, at += hn::Lanes(I32())) hn::Store(sums[r][v], I32(), at);
  }
  store_floats<kVectors>(args, stored);
}

// Where vectors fill up, as many rows as four of sums hold become one vector of bytes.
template <int kRows, int kVectors>
HWY_INLINE void finish_bytes(const TileArgs& args, const VI32 (&sums)[kRows][kVectors]) {
  const auto columns = static_cast<std::size_t>(args.column_count);
  const std::size_t stride = args.out_stride;
  const Requantizer r = requantizer(args.requantize);
  VF32 scales[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) scales[v] = multipliers(args, kVectors, v);
  auto* out = reinterpret_cast<std::uint8_t*>(args.out);
  if constexpr (kVectors == 1) {
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row, out += stride) {
      store_first(pack_quarter(round_sum(sums[row][0], scales[0], r), r), QuarterU8(), out,
                  columns);
    }
    return;
  }
  constexpr int kTogether = 4 / kVectors;
#pragma GCC unroll 16
  for (int row = 0; row < kRows; row += kTogether, out += kTogether * stride) {
    VI32 rounded[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const int from = row + i / kVectors < kRows ? row + i / kVectors : row;
      rounded[i] = round_sum(sums[from][i % kVectors], scales[i % kVectors], r);
    }
    const VU8 bytes = pack_bytes(rounded, r);
    if constexpr (kVectors == 4) {
      store_first(bytes, U8(), out, columns);
    } else {
      const hn::Half<U8> half;
      const VU8 rows = pairs_apart(bytes);
      store_first(hn::LowerHalf(half, rows), half, out, columns);
      if (row + 1 < kRows) store_first(hn::UpperHalf(half, rows), half, out + stride, columns);
    }
  }
}

// Four inputs of each row from k on times their weights.
template <typename Dot, int kRows, int kVectors>
HWY_INLINE void step(const std::byte* (&rows)[kRows], std::size_t k, const std::byte* weights,
                     VI32 (&sums)[kRows][kVectors]) {
  typename Dot::Weights columns[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const std::byte* at = weights + static_cast<std::size_t>(v) * vector_bytes();
    columns[v] = Dot::weights(at);
    __builtin_prefetch(at + kAhead, 0, 2);
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const typename Dot::Inputs inputs = Dot::inputs(rows[r] + k);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[r][v] = Dot::add(sums[r][v], inputs, columns[v]);
  }
}

// Of its own where there are offsets: a choice within costs registers that the sums need.
template <typename Dot, bool kOffsets, int kRows, int kVectors>
void tile(const TileArgs& args) {
  constexpr int kChains = chains(kRows * kVectors);
  const I32 i32;
  const std::size_t line_bytes = kVectors * vector_bytes();
  VI32 sums[kChains][kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const std::byte* bias = args.panel + static_cast<std::size_t>(v) * vector_bytes();
      sums[0][r][v] = hn::LoadU(i32, reinterpret_cast<const std::int32_t*>(bias));
      if constexpr (kOffsets)
        sums[0][r][v] = hn::Add(sums[0][r][v], hn::Set(i32, args.row_offsets[r]));
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) sums[c][r][v] = hn::Zero(i32);
    }
  }
  const std::byte* weights = args.panel + 2 * line_bytes;
  const std::byte* const* all = args.rows;
  for (std::size_t tap = 0; tap < args.taps; ++tap, all += args.row_pitch) {
    const std::byte* rows[kRows];
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) rows[r] = all[r] + args.offset;
    std::size_t k = 0;
    if constexpr (kChains > 1) {
      for (; k + 4 * kChains <= args.depth; k += 4 * kChains) {
#pragma GCC unroll 4
        for (int c = 0; c < kChains; ++c, weights += line_bytes)
          step<Dot, kRows, kVectors>(rows, k + 4 * static_cast<std::size_t>(c), weights, sums[c]);
      }
    }
    for (; k < args.depth; k += 4, weights += line_bytes)
      step<Dot, kRows, kVectors>(rows, k, weights, sums[0]);
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
      for (int c = 1; c < kChains; ++c) sums[0][r][v] = hn::Add(sums[0][r][v], sums[c][r][v]);
    }
  }
  if (args.float_output) {
    finish_float<kRows, kVectors>(args, sums[0]);
  } else {
    finish_bytes<kRows, kVectors>(args, sums[0]);
  }
}

// Tiles of up to kRows rows: a function for each height.
template <typename Dot, bool kOffsets, int kVectors, int kRows = Dot::kRows>
HWY_INLINE void of_height(const TileArgs& args) {
  if constexpr (kRows > 1) {
    if (args.row_count < kRows) return of_height<Dot, kOffsets, kVectors, kRows - 1>(args);
  }
  tile<Dot, kOffsets, kRows, kVectors>(args);
}

template <typename Dot, bool kOffsets>
HWY_INLINE void of_width(const TileArgs& args) {
  args.half ? of_height<Dot, kOffsets, Dot::kPanelVectors / 2>(args)
            : of_height<Dot, kOffsets, Dot::kPanelVectors>(args);
}

template <typename Dot>
HWY_INLINE void any_tile(const TileArgs& args) {
  args.row_offsets == nullptr ? of_width<Dot, false>(args) : of_width<Dot, true>(args);
}

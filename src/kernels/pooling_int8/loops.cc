// The last vector of channels is loaded and stored in part where there are masks for bytes.
// Elsewhere it overlaps the one before, so that at least 8 channels are needed.
#include "kernels/pooling_int8/args.h"

#define HWY_TARGET_INCLUDE "kernels/pooling_int8/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr bool kMasks = kHasMasks<U8>;

// Where a vector of channels starts that is to hold those from `next` on.
HWY_INLINE std::size_t start(std::size_t next, std::size_t lanes, std::size_t channels) {
  return kMasks || next + lanes <= channels ? next : channels - lanes;
}

template <class D>
void max_pool(D d, const PoolInt8Args& args) {
  const hn::Vec<D> flip = hn::Set(d, args.flip);
  for (std::size_t next = 0; next < args.channels; next += hn::Lanes(d)) {
    const std::size_t c = start(next, hn::Lanes(d), args.channels);
    const hn::Mask<D> mask = hn::FirstN(d, args.channels - c);
    hn::Vec<D> best = hn::Zero(d);
    for (std::size_t y = 0; y < args.height; ++y) {
      const std::uint8_t* in = args.in + y * args.row_stride + c;
#pragma GCC unroll 2
      for (std::size_t x = 0; x < args.width; ++x, in += args.column_stride)
        best = hn::Max(best, hn::Xor(load_masked(d, mask, in), flip));
    }
    store_masked(hn::Xor(best, flip), d, mask, args.out + c);
  }
}

// A vector of channels at a time.
void average_wide(const AveragePoolInt8Args& args) {
  const PoolInt8Args& pool = args.pool;
  const U8 u8;
  const Requantizer r = requantizer(args.requantize);
  const VF32 multiplier = hn::Set(F32(), args.multiplier);
  const VI32 offset = hn::Set(I32(), args.offset);
  const VU8 flip = hn::Set(u8, pool.flip);
  for (std::size_t next = 0; next < pool.channels; next += hn::Lanes(u8)) {
    const std::size_t c = start(next, hn::Lanes(u8), pool.channels);
    const hn::Mask<U8> mask = hn::FirstN(u8, pool.channels - c);
    VI32 sums[4] = {offset, offset, offset, offset};
    for (std::size_t y = 0; y < pool.height; ++y) {
      const std::uint8_t* in = pool.in + y * pool.row_stride + c;
      for (std::size_t x = 0; x < pool.width; ++x, in += pool.column_stride) {
        VI32 values[4];
        widen(hn::Xor(load_masked(u8, mask, in), flip), hn::Zero(U16()), values);
#pragma GCC unroll 4
        for (int q = 0; q < 4; ++q) sums[q] = hn::Add(sums[q], values[q]);
      }
    }
#pragma GCC unroll 4
    for (VI32& sum : sums) sum = round_sum(sum, multiplier, r);
    store_masked(pack_bytes(sums, r), u8, mask, pool.out + c);
  }
}

// A quarter of that at a time.
void average_narrow(const AveragePoolInt8Args& args) {
  const PoolInt8Args& pool = args.pool;
  const QuarterU8 u8;
  const Requantizer r = requantizer(args.requantize);
  const VF32 multiplier = hn::Set(F32(), args.multiplier);
  const VQuarterU8 flip = hn::Set(u8, pool.flip);
  for (std::size_t next = 0; next < pool.channels; next += hn::Lanes(u8)) {
    const std::size_t c = start(next, hn::Lanes(u8), pool.channels);
    const hn::Mask<QuarterU8> mask = hn::FirstN(u8, pool.channels - c);
    VI32 sum = hn::Set(I32(), args.offset);
    for (std::size_t y = 0; y < pool.height; ++y) {
      const std::uint8_t* in = pool.in + y * pool.row_stride + c;
      for (std::size_t x = 0; x < pool.width; ++x, in += pool.column_stride) {
        const VQuarterU8 value = hn::Xor(load_masked(u8, mask, in), flip);
        sum = hn::Add(sum, hn::PromoteTo(I32(), value));
      }
    }
    store_masked(pack_quarter(round_sum(sum, multiplier, r), r), u8, mask, pool.out + c);
  }
}

}  // namespace

void max_pool_s8(const PoolInt8Args& args) {
  if (kMasks || args.channels >= hn::Lanes(U8())) {
    max_pool(U8(), args);
  } else if (args.channels >= 16) {
    max_pool(hn::CappedTag<std::uint8_t, 16>(), args);
  } else {
    max_pool(hn::CappedTag<std::uint8_t, 8>(), args);
  }
}

void average_pool_s8(const AveragePoolInt8Args& args) {
  const std::size_t fewest = kMasks ? hn::Lanes(QuarterU8()) + 1 : hn::Lanes(U8());
  args.pool.channels >= fewest ? average_wide(args) : average_narrow(args);
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

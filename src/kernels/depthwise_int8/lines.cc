// Two rows of one input column are widened to pairs of 16 bits, so that one multiply-add covers a
// channel's two taps. With windows of three columns and rows, a column serves every output that
// reads it.
#include "kernels/depthwise_int8/args.h"

#define HWY_TARGET_INCLUDE "kernels/depthwise_int8/lines.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr std::size_t kBytes = hn::MaxLanes(U8());

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const std::byte* at) {
  return hn::LoadU(d, reinterpret_cast<const hn::TFromD<D>*>(at));
}

// even[0], odd[0], even[1], odd[1] and so on, each XOR `flip`.
HWY_INLINE VI16 interleave(VQuarterU8 even, VQuarterU8 odd, VI16 flip) {
  const I16 i16;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_NEON
  // Vectors of no more than a block lie alike in registers.
  using HalfU8 = hn::Rebind<std::uint8_t, I16>;
  using VHalfU8 = hn::Vec<HalfU8>;
  const VHalfU8 pairs = hn::InterleaveLower(HalfU8(), VHalfU8{even.raw}, VHalfU8{odd.raw});
  return hn::Xor(hn::PromoteTo(i16, pairs), flip);
#else
  const I32 i32;
  const VI32 upper = hn::ShiftLeft<16>(hn::PromoteTo(i32, odd));
  return hn::Xor3(hn::BitCast(i16, hn::PromoteTo(i32, even)), hn::BitCast(i16, upper), flip);
#endif
}

struct Lines {
  explicit Lines(const DepthwiseInt8Args& call)
      : args(call),
        r(requantizer(call.requantize)),
        mask(hn::FirstN(QuarterU8(), call.channels)),
        flip(hn::Set(I16(), call.flip)),
        multiplier(load(F32(), call.block + kBytes)) {
    const I32 i32;
    const VI32 zero = hn::Zero(i32);
    const VI32 given = load(i32, call.block);
    // In the two parts that Highway sums products in: NEON adds neighbours of them in the end.
    const bool apart = HWY_TARGET == HWY_NEON;
    bias[0] = apart ? hn::InterleaveLower(i32, given, zero) : given;
    bias[1] = apart ? hn::InterleaveUpper(i32, given, zero) : zero;
  }

  HWY_INLINE VI16 column(const std::uint8_t* const* rows, std::int64_t x, std::size_t group) const {
    const std::uint8_t* even = args.padding;
    const std::uint8_t* odd = args.padding;
    if (x >= 0 && x < args.in_w) {
      even = rows[group * 2] + x * args.pixel_stride;
      odd = rows[group * 2 + 1] + x * args.pixel_stride;
    }
    const QuarterU8 u8;
    return interleave(load_masked(u8, mask, even + args.first_channel),
                      load_masked(u8, mask, odd + args.first_channel), flip);
  }

  HWY_INLINE void multiply(VI32 (&sums)[2], VI16 x, std::size_t group) const {
    const VI16 weights = load(I16(), args.block + (2 + group) * kBytes);
    sums[0] = hn::ReorderWidenMulAccumulate(I32(), x, weights, sums[0], sums[1]);
  }

  HWY_INLINE void store(const VI32 (&sums)[2], std::byte* out) const {
    const F32 f;
    const VI32 sum = hn::RearrangeToOddPlusEven(sums[0], sums[1]);
    if (args.float_output) {
      const std::size_t count = kHasMasks<QuarterU8> ? args.channels : hn::Lanes(f);
      store_first(hn::Mul(hn::ConvertTo(f, sum), multiplier), f, reinterpret_cast<float*>(out),
                  count);
      return;
    }
    store_masked(pack_quarter(round_sum(sum, multiplier, r), r), QuarterU8(), mask,
                 reinterpret_cast<std::uint8_t*>(out));
  }

  // Windows of three adjacent columns and three or four rows, a stride of 1.
  void run_three_columns(const std::uint8_t* const* line_rows, std::byte* out) const {
    const std::uint8_t* const rows[4] = {line_rows[0], line_rows[1], line_rows[2], line_rows[3]};
    std::int64_t x = -args.pad;
    VI16 first[2] = {column(rows, x, 0), column(rows, x, 1)};
    VI16 second[2] = {column(rows, x + 1, 0), column(rows, x + 1, 1)};
    for (std::int64_t i = 0; i < args.out_w; ++i, ++x, out += args.out_stride) {
      const VI16 third[2] = {column(rows, x + 2, 0), column(rows, x + 2, 1)};
      VI32 sums[2] = {bias[0], bias[1]};
#pragma GCC unroll 2
      for (std::size_t g = 0; g < 2; ++g) {
        multiply(sums, first[g], g);
        multiply(sums, second[g], 2 + g);
        multiply(sums, third[g], 4 + g);
        first[g] = second[g];
        second[g] = third[g];
      }
      store(sums, out);
    }
  }

  void run_any(const std::uint8_t* const* rows, std::byte* out) const {
    for (std::int64_t i = 0; i < args.out_w; ++i, out += args.out_stride) {
      VI32 sums[2] = {bias[0], bias[1]};
      std::size_t group = 0;
      for (std::int64_t kx = 0; kx < args.kernel_w; ++kx) {
        const std::int64_t x = i * args.stride - args.pad + kx * args.dilation;
        for (std::size_t g = 0; g < args.row_groups; ++g, ++group)
          multiply(sums, column(rows, x, g), group);
      }
      store(sums, out);
    }
  }

  void run() const {
    const bool three_columns =
        args.kernel_w == 3 && args.dilation == 1 && args.stride == 1 && args.row_groups == 2;
    std::byte* out = args.out;
    for (std::size_t i = 0; i < args.line_count; ++i, out += args.out_line_stride) {
      const std::uint8_t* const* rows = args.rows + i * args.row_groups * 2;
      three_columns ? run_three_columns(rows, out) : run_any(rows, out);
    }
  }

  // By value: the compiler must not fear that a store changes it.
  DepthwiseInt8Args args;
  Requantizer r;
  hn::Mask<QuarterU8> mask;
  VI16 flip;
  VI32 bias[2];
  VF32 multiplier;
};

}  // namespace

void depthwise_s8(const DepthwiseInt8Args& args) { Lines(args).run(); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

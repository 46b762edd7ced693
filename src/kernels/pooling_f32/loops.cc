#include "kernels/pooling_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/pooling_f32/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

struct Max {
  static HWY_INLINE VF32 join(VF32 a, VF32 b) { return larger(a, b); }
  static HWY_INLINE VF32 finish(VF32 value, VF32) { return value; }
};
struct Average {
  static HWY_INLINE VF32 join(VF32 a, VF32 b) { return hn::Add(a, b); }
  static HWY_INLINE VF32 finish(VF32 value, VF32 scale) { return hn::Mul(value, scale); }
};

// One vector of channels of a window, rows first.
template <typename Op, typename Stored>
HWY_INLINE VF32 window(const PoolingF32Args<Stored>& args, const Stored* in, std::size_t left) {
  const F32 f;
  VF32 total = hn::Undefined(f);
  for (std::size_t y = 0; y < args.rows; ++y, in += args.row_stride) {
    const Stored* at = in;
    VF32 sum = load_first(f, at, left);
    for (std::size_t x = 1; x < args.columns; ++x) {
      at += args.column_stride;
      sum = Op::join(sum, load_first(f, at, left));
    }
    total = y == 0 ? sum : Op::join(total, sum);
  }
  return total;
}

template <typename Op, typename Stored>
void pool(const PoolingF32Args<Stored>& args) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const VF32 scale = hn::Set(f, args.scale);
  const Stored* in = args.in;
  Stored* out = args.out;
  for (std::size_t i = 0; i < args.pixels; ++i, in += args.pixel_step, out += args.out_step) {
    std::size_t c = 0;
    // Two vectors hide the latency of each other's sums.
    for (; c + 2 * lanes <= args.channels; c += 2 * lanes) {
      const VF32 first = window<Op>(args, in + c, lanes);
      const VF32 second = window<Op>(args, in + c + lanes, lanes);
      store(Op::finish(first, scale), f, out + c);
      store(Op::finish(second, scale), f, out + c + lanes);
    }
    for (; c < args.channels; c += lanes) {
      const std::size_t left = args.channels - c;
      store_first(Op::finish(window<Op>(args, in + c, left), scale), f, out + c, left);
    }
  }
}

}  // namespace

void max_pool_f32(const PoolingF32Args<float>& args) { pool<Max>(args); }
void max_pool_f32(const PoolingF32Args<BFloat16>& args) { pool<Max>(args); }
void average_pool_f32(const PoolingF32Args<float>& args) { pool<Average>(args); }
void average_pool_f32(const PoolingF32Args<BFloat16>& args) { pool<Average>(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

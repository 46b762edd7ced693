#include "kernels/interpolate_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/interpolate_f32/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {

// Products are rounded before they are added, as the portable loops do.
void interpolate_pixels(const InterpolatePixelsArgs& args) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const std::int64_t* at = args.at;
  const float* weights = args.weights;
  float* out = args.out;
  for (std::size_t p = 0; p < args.pixels; ++p) {
    for (std::size_t i = 0; i < args.count; i += lanes) {
      const std::size_t left = args.count - i;
      const auto product = [&](std::size_t t) HWY_ATTR {
        const float* from = args.in + static_cast<std::size_t>(at[t]) * args.count + i;
        return hn::Mul(load_all(f, weights + t), load_first(f, from, left));
      };
      VF32 sum = product(0);
      for (std::size_t t = 1; t < args.taps; ++t) sum = hn::Add(sum, product(t));
      store_first(sum, f, out + i, left);
    }
    at += args.taps;
    weights += args.taps;
    out += args.count;
  }
}

void interpolate_elements(const InterpolateElementsArgs& args) {
  const F32 f;
  const I32 d;
  const std::size_t lanes = hn::Lanes(f);
  for (std::size_t i = 0; i < args.count; i += lanes) {
    const auto product = [&](std::size_t t) HWY_ATTR {
      const VF32 values = hn::GatherIndex(f, args.in, hn::LoadU(d, args.at + t * args.pitch + i));
      return hn::Mul(hn::LoadU(f, args.weights + t * args.pitch + i), values);
    };
    VF32 sum = product(0);
    for (std::size_t t = 1; t < args.taps; ++t) sum = hn::Add(sum, product(t));
    store_first(sum, f, args.out + i, args.count - i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#include "kernels/normalize_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/normalize_f32/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

using F64 = hn::ScalableTag<double>;
using VF64 = hn::Vec<F64>;
using Half = hn::Rebind<float, F64>;  // as many elements of float32

template <bool kSquare>
HWY_INLINE VF64 term(hn::Vec<Half> x, VF64 shift) {
  const VF64 moved = hn::Sub(hn::PromoteTo(F64(), x), shift);
  return kSquare ? hn::Mul(moved, moved) : moved;
}

// The lanes, half of them with the other half.
template <class D>
HWY_INLINE double sum_lanes(D /*tag*/, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Half<D> half;
    return sum_lanes(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  } else {
    return hn::GetLane(v);
  }
}

// The sum of x - shift, or of its square.
template <bool kSquare>
double sum_of(const float* in, std::size_t count, double shift) {
  const F64 d;
  const Half half;
  constexpr std::size_t kLanes = hn::MaxLanes(F64());
  constexpr std::size_t kVectors = kMomentParts / kLanes;
  const VF64 shifts = hn::Set(d, shift);
  VF64 parts[kVectors];
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors; ++v) parts[v] = hn::Zero(d);
  std::size_t i = 0;
  for (; i + kMomentParts <= count; i += kMomentParts) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      const VF64 terms = term<kSquare>(hn::LoadU(half, in + i + v * kLanes), shifts);
      parts[v] = hn::Add(parts[v], terms);
    }
  }
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors; ++v) {
    const std::size_t at = i + v * kLanes;
    if (at >= count) continue;
    const VF64 terms = term<kSquare>(load_first(half, in + at, count - at), shifts);
    parts[v] = hn::Add(parts[v], hn::IfThenElseZero(hn::FirstN(d, count - at), terms));
  }
#pragma GCC unroll 4
  for (std::size_t width = kVectors / 2; width > 0; width /= 2) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < width; ++v) parts[v] = hn::Add(parts[v], parts[v + width]);
  }
  return sum_lanes(d, parts[0]);
}

struct Moments {
  double mean;
  double variance;
};
Moments moments_of(const float* in, std::size_t count) {
  const double mean = sum_of<false>(in, count, 0) / static_cast<double>(count);
  return {mean, sum_of<true>(in, count, mean) / static_cast<double>(count)};
}

float factor_of(double variance, float epsilon) {
  return static_cast<float>(1 / __builtin_sqrt(variance + static_cast<double>(epsilon)));
}

// Adds to the sums of some channels those of kPixels pixels.
template <bool kSquare, int kPixels>
void add_pixels(const GroupNormF32Args& args, const float* in, std::size_t channels) {
  const F64 d;
  const std::size_t lanes = hn::Lanes(d);
  double* sums = args.sums;
  const double* means = args.sums + channels;
  for (std::size_t c = 0; c < channels; c += lanes) {
    const std::size_t left = channels - c;
    const VF64 shifts = load_first(d, means + c, left);
    VF64 sum = load_first(d, sums + c, left);
    const float* at = in + c;
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p, at += args.pixel_step)
      sum = hn::Add(sum, term<kSquare>(load_first(Half(), at, left), shifts));
    store_first(sum, d, sums + c, left);
  }
}

// The mean of each group of its channels' terms, for each of its channels.
template <bool kSquare>
void means_of(const GroupNormF32Args& args, std::size_t channels, double* means) {
  constexpr std::size_t kPixels = 4;
  double* sums = args.sums;
  for (std::size_t c = 0; c < channels; ++c) sums[c] = 0;
  const float* in = args.in;
  std::size_t p = 0;
  for (; p + kPixels <= args.pixels; p += kPixels, in += kPixels * args.pixel_step)
    add_pixels<kSquare, kPixels>(args, in, channels);
  for (; p < args.pixels; ++p, in += args.pixel_step) add_pixels<kSquare, 1>(args, in, channels);
  const auto count = static_cast<double>(args.group_channels * args.pixels);
  for (std::size_t first = 0; first < channels; first += args.group_channels) {
    double sum = 0;
    for (std::size_t c = first; c < first + args.group_channels; ++c) sum += sums[c];
    for (std::size_t c = first; c < first + args.group_channels; ++c) means[c] = sum / count;
  }
}

}  // namespace

void layer_norm_f32(const LayerNormF32Args& args) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  for (std::size_t r = 0; r < args.rows; ++r) {
    const float* in = args.in + r * args.columns;
    float* out = args.out + r * args.columns;
    const Moments moments = moments_of(in, args.columns);
    const VF32 center = hn::Set(f, static_cast<float>(moments.mean));
    const VF32 factor = hn::Set(f, factor_of(moments.variance, args.epsilon));
    for (std::size_t i = 0; i < args.columns; i += lanes) {
      const std::size_t left = args.columns - i;
      const VF32 normal = hn::Mul(hn::Sub(load_first(f, in + i, left), center), factor);
      VF32 value = hn::Mul(normal, load_first(f, args.scale + i, left));
      if (args.bias != nullptr) value = hn::Add(value, load_first(f, args.bias + i, left));
      store_first(value, f, out + i, left);
    }
  }
}

void group_norm_rows_f32(const GroupNormF32Args& args) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  for (std::size_t g = 0; g < args.groups; ++g) {
    const std::size_t first = g * args.group_channels;
    const Moments moments =
        moments_of(args.in + first * args.pixels, args.group_channels * args.pixels);
    const VF32 center = hn::Set(f, static_cast<float>(moments.mean));
    const float factor = factor_of(moments.variance, args.epsilon);
    for (std::size_t c = first; c < first + args.group_channels; ++c) {
      const VF32 scaled = hn::Set(f, factor * args.scale[c]);
      const VF32 bias = hn::Set(f, args.bias[c]);
      const float* in = args.in + c * args.pixels;
      float* out = args.out + c * args.pixels;
      for (std::size_t i = 0; i < args.pixels; i += lanes) {
        const std::size_t left = args.pixels - i;
        const VF32 moved = hn::Sub(load_first(f, in + i, left), center);
        store_first(hn::Add(hn::Mul(moved, scaled), bias), f, out + i, left);
      }
    }
  }
}

void group_norm_pixels_f32(const GroupNormF32Args& args) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const std::size_t channels = args.groups * args.group_channels;
  double* variances = args.sums;
  double* means = args.sums + channels;
  for (std::size_t c = 0; c < channels; ++c) means[c] = 0;
  means_of<false>(args, channels, means);
  means_of<true>(args, channels, variances);
  float* scales = args.lines;
  float* centers = args.lines + channels;
  for (std::size_t c = 0; c < channels; ++c) {
    scales[c] = factor_of(variances[c], args.epsilon) * args.scale[c];
    centers[c] = static_cast<float>(means[c]);
  }
  for (std::size_t p = 0; p < args.pixels; ++p) {
    const float* in = args.in + p * args.pixel_step;
    float* out = args.out + p * args.pixel_step;
    for (std::size_t c = 0; c < channels; c += lanes) {
      const std::size_t left = channels - c;
      const VF32 moved = hn::Sub(load_first(f, in + c, left), load_first(f, centers + c, left));
      const VF32 value = hn::Add(hn::Mul(moved, load_first(f, scales + c, left)),
                                 load_first(f, args.bias + c, left));
      store_first(value, f, out + c, left);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#include "kernels/normalize_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/normalize_f32/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/fold-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

// Sums of x - shift, or of its square.
template <bool kSquare>
struct Deviation {
  VF64 shift;

  static HWY_INLINE VF64 nothing() { return hn::Zero(F64()); }
  [[nodiscard]] HWY_INLINE VF64 term(VF64 x) const {
    const VF64 moved = hn::Sub(x, shift);
    return kSquare ? hn::Mul(moved, moved) : moved;
  }
  template <class V>
  static HWY_INLINE V combine(V total, V x) {
    return hn::Add(total, x);
  }
};

// The same with a shift for each column.
template <bool kSquare>
struct ColumnDeviations {
  const double* shifts;

  [[nodiscard]] HWY_INLINE Deviation<kSquare> columns(std::size_t column, std::size_t count) const {
    return {load_first(F64(), shifts + column, count)};
  }
};

struct Moments {
  double mean;
  double variance;
};
Moments moments_of(const float* in, std::size_t count) {
  const F64 d;
  const auto elements = static_cast<double>(count);
  const Deviation<false> values{hn::Zero(d)};
  const double mean = fold_runs(values, in, count, 1, 0) / elements;
  const Deviation<true> squares{hn::Set(d, mean)};
  return {mean, fold_runs(squares, in, count, 1, 0) / elements};
}

float factor_of(double variance, float epsilon) {
  return static_cast<float>(1 / __builtin_sqrt(variance + static_cast<double>(epsilon)));
}

// The mean of each group of its channels' terms, for each of its channels.
template <bool kSquare>
void means_of(const GroupNormF32Args& args, std::size_t channels, double* means) {
  double* sums = args.sums;
  for (std::size_t c = 0; c < channels; ++c) sums[c] = 0;
  fold_lines(ColumnDeviations<kSquare>{args.sums + channels}, args.in, channels, args.pixels,
             static_cast<std::ptrdiff_t>(args.pixel_step), sums);
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

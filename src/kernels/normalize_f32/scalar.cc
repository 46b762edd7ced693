#include "kernels/fold_parts.h"
#include "kernels/normalize_f32/args.h"

namespace lathe::kernels::scalar {
namespace {

double term(float x, double shift, bool square) {
  const double moved = static_cast<double>(x) - shift;
  return square ? moved * moved : moved;
}

// The sum of x - shift, or of its square.
double sum_of(const float* in, std::size_t count, double shift, bool square) {
  double parts[kFoldParts] = {};
  for (std::size_t i = 0; i < count; ++i) parts[i % kFoldParts] += term(in[i], shift, square);
  for (std::size_t width = kFoldParts / 2; width > 0; width /= 2)
    for (std::size_t j = 0; j < width; ++j) parts[j] += parts[j + width];
  return parts[0];
}

struct Moments {
  double mean;
  double variance;
};
Moments moments_of(const float* in, std::size_t count) {
  const double mean = sum_of(in, count, 0, false) / static_cast<double>(count);
  return {mean, sum_of(in, count, mean, true) / static_cast<double>(count)};
}

float factor_of(double variance, float epsilon) {
  return static_cast<float>(1 / __builtin_sqrt(variance + static_cast<double>(epsilon)));
}

}  // namespace

void layer_norm_f32(const LayerNormF32Args& args) {
  for (std::size_t r = 0; r < args.rows; ++r) {
    const float* in = args.in + r * args.columns;
    float* out = args.out + r * args.columns;
    const Moments moments = moments_of(in, args.columns);
    const auto center = static_cast<float>(moments.mean);
    const float factor = factor_of(moments.variance, args.epsilon);
    for (std::size_t i = 0; i < args.columns; ++i) {
      const float value = (in[i] - center) * factor * args.scale[i];
      out[i] = args.bias == nullptr ? value : value + args.bias[i];
    }
  }
}

void group_norm_rows_f32(const GroupNormF32Args& args) {
  for (std::size_t g = 0; g < args.groups; ++g) {
    const std::size_t first = g * args.group_channels;
    const Moments moments =
        moments_of(args.in + first * args.pixels, args.group_channels * args.pixels);
    const auto center = static_cast<float>(moments.mean);
    const float factor = factor_of(moments.variance, args.epsilon);
    for (std::size_t c = first; c < first + args.group_channels; ++c) {
      const float scaled = factor * args.scale[c];
      for (std::size_t i = c * args.pixels; i < (c + 1) * args.pixels; ++i)
        args.out[i] = (args.in[i] - center) * scaled + args.bias[c];
    }
  }
}

void group_norm_pixels_f32(const GroupNormF32Args& args) {
  const std::size_t channels = args.groups * args.group_channels;
  const auto count = static_cast<double>(args.group_channels * args.pixels);
  double* sums = args.sums;
  double* means = args.sums + channels;
  for (std::size_t c = 0; c < channels; ++c) means[c] = 0;
  // The means, and then the variances.
  for (const bool square : {false, true}) {
    for (std::size_t c = 0; c < channels; ++c) sums[c] = 0;
    for (std::size_t p = 0; p < args.pixels; ++p) {
      for (std::size_t c = 0; c < channels; ++c)
        sums[c] += term(args.in[p * args.pixel_step + c], means[c], square);
    }
    for (std::size_t first = 0; first < channels; first += args.group_channels) {
      double sum = 0;
      for (std::size_t c = first; c < first + args.group_channels; ++c) sum += sums[c];
      for (std::size_t c = first; c < first + args.group_channels; ++c)
        (square ? sums : means)[c] = sum / count;
    }
  }
  for (std::size_t p = 0; p < args.pixels; ++p) {
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t at = p * args.pixel_step + c;
      const float scaled = factor_of(sums[c], args.epsilon) * args.scale[c];
      args.out[at] = (args.in[at] - static_cast<float>(means[c])) * scaled + args.bias[c];
    }
  }
}

}  // namespace lathe::kernels::scalar

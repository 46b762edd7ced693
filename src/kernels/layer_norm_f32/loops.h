// Layer normalization, for the compiler to vectorise for the instruction set of the file that
// includes it: internal linkage keeps it there.
#pragma once

#include "kernels/layer_norm_f32/args.h"

namespace lathe::kernels {
namespace {

// Sums that a row is split over, in float64: the same for all instruction sets.
constexpr std::size_t kParts = 16;

// The sum of x - shift, or of its square.
template <bool kSquare>
double sum(const float* row, std::size_t columns, double shift) {
  const auto term = [&](float x) {
    const double moved = static_cast<double>(x) - shift;
    return kSquare ? moved * moved : moved;
  };
  double parts[kParts] = {};
  std::size_t i = 0;
  for (; i + kParts <= columns; i += kParts)
    for (std::size_t j = 0; j < kParts; ++j) parts[j] += term(row[i + j]);
  for (; i < columns; ++i) parts[0] += term(row[i]);
  for (std::size_t width = kParts / 2; width > 0; width /= 2)
    for (std::size_t j = 0; j < width; ++j) parts[j] += parts[j + width];
  return parts[0];
}

void layer_norm(const LayerNormF32Args& args) {
  const std::size_t columns = args.columns;
  const auto count = static_cast<double>(columns);
  for (std::size_t r = 0; r < args.rows; ++r) {
    const float* in = args.in + r * columns;
    float* out = args.out + r * columns;
    const double mean = sum<false>(in, columns, 0) / count;
    const double variance = sum<true>(in, columns, mean) / count;
    const auto center = static_cast<float>(mean);
    const auto factor =
        static_cast<float>(1 / __builtin_sqrt(variance + static_cast<double>(args.epsilon)));
    if (args.bias == nullptr) {
      for (std::size_t i = 0; i < columns; ++i) out[i] = (in[i] - center) * factor * args.scale[i];
    } else {
      for (std::size_t i = 0; i < columns; ++i)
        out[i] = (in[i] - center) * factor * args.scale[i] + args.bias[i];
    }
  }
}

}  // namespace
}  // namespace lathe::kernels

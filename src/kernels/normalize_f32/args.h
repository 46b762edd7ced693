// What normalizations are called with. Plain, so that files compiled for one instruction set can
// include it.
#pragma once

#include <cstddef>

#include "kernels/vector/targets.h"

namespace lathe::kernels {

// Each row: (in - mean) / sqrt(variance + epsilon) * scale + bias.
struct LayerNormF32Args {
  const float* in;
  const float* scale;
  const float* bias;  // null where there is none
  float* out;
  std::size_t rows;
  std::size_t columns;
  float epsilon;
};

// Some groups of the channels of one image, each normalized by its mean and variance; scale and
// bias by channel. All pointers are at the first of the channels. Sums are float64, split as
// fold_parts.h says; those of a channel of channels-last images are in the order of its pixels.
struct GroupNormF32Args {
  const float* in;
  const float* scale;
  const float* bias;
  float* out;
  std::size_t groups;
  std::size_t group_channels;
  std::size_t pixels;
  std::size_t pixel_step;  // of channels-last images: elements from one pixel to the next
  float epsilon;
  // Of channels-last images, two for each channel.
  double* sums;
  float* lines;
};

namespace scalar {
void layer_norm_f32(const LayerNormF32Args& args);
void group_norm_rows_f32(const GroupNormF32Args& args);
void group_norm_pixels_f32(const GroupNormF32Args& args);
}  // namespace scalar
#define LATHE_DECLARE(target)                               \
  namespace target {                                        \
  void layer_norm_f32(const LayerNormF32Args& args);        \
  void group_norm_rows_f32(const GroupNormF32Args& args);   \
  void group_norm_pixels_f32(const GroupNormF32Args& args); \
  }
LATHE_VECTOR_TARGETS(LATHE_DECLARE)
#undef LATHE_DECLARE

}  // namespace lathe::kernels

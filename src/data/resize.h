// Resampling of images.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "data/image.h"

namespace lathe::data {

// Each method equals a well-known implementation to within one step of 255. Both axes are
// resampled one after the other, x first; Pillow from 13 on takes the cheaper one first, which can
// round differently.
enum class ResizeMethod {
  kBilinear,             // Pillow's BILINEAR: a triangle filter, widened when it shrinks
  kBilinearNoAntialias,  // OpenCV's INTER_LINEAR: two neighbours per axis, half-pixel centres
  kArea,                 // OpenCV's INTER_AREA: each pixel weighed by the area that it covers
};

std::string_view resize_method_name(ResizeMethod method);  // "bilinear", "bilinear_noaa", "area"
Result<ResizeMethod> parse_resize_method(std::string_view name);

// A part of an image's pixel grid.
struct Window {
  std::int64_t top = 0;
  std::int64_t left = 0;
  int height = 0;
  int width = 0;
};

// The image at height x width. The image must not be empty and the extents must be positive.
Image resize(const Image& image, int height, int width,
             ResizeMethod method = ResizeMethod::kBilinear);

// The part `window` of what resize(image, height, width, method) gives; only that part is computed,
// and memory is bounded by its size whatever height and width are.
Image resize_window(const Image& image, std::int64_t height, std::int64_t width,
                    const Window& window, ResizeMethod method = ResizeMethod::kBilinear);

}  // namespace lathe::data

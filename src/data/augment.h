// Random changes to training images.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "base/result.h"
#include "data/image.h"

namespace lathe::data {

// Applied in the order of the members. What comes into the image from outside is black.
struct Augmentation {
  // The image rotated about its centre by an angle in [-rotation_degrees, rotation_degrees].
  float rotation_degrees = 0;
  // The image padded by this many pixels on each side, then a random part of its old size.
  int random_crop_padding = 0;
  // Mirrored, one time in two.
  bool horizontal_flip = false;
  // Factors drawn from [max(0, 1 - x), 1 + x]: of all values; of the distance to the mean luma; of
  // the distance to each pixel's own luma.
  float brightness = 0;
  float contrast = 0;
  float saturation = 0;
  // Hue turned by a share of the full circle in [-hue, hue]; at most 0.5. Gray images have none.
  float hue = 0;

  [[nodiscard]] bool any() const;
  bool operator==(const Augmentation&) const = default;
};

// Nothing negative or not finite, hue <= 0.5, rotation_degrees <= 180.
Status check(const Augmentation& augmentation);

// An image of the same extents, a function of its arguments alone.
Image augment(Image image, const Augmentation& augmentation, Random& random);

// The generator for one sample in one epoch, whatever thread works on it.
Random sample_random(std::uint64_t seed, std::int64_t epoch, std::int64_t index);

}  // namespace lathe::data

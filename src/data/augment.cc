#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/color.h"
#include "data/geometry.h"

namespace lathe::data {
namespace {

constexpr int kMaxPadding = 4096;
constexpr float kMaxJitter = 16;

float jitter_factor(float jitter, Random& random) {
  return random.uniform(std::max(0.0F, 1 - jitter), 1 + jitter);
}

}  // namespace

bool Augmentation::any() const { return *this != Augmentation{}; }

Status check(const Augmentation& augmentation) {
  const auto within = [](float value, float most) { return value >= 0 && value <= most; };
  if (!within(augmentation.rotation_degrees, 180)) {
    return invalid_argument("rotation of {} degrees is not within [0, 180]",
                            augmentation.rotation_degrees);
  }
  if (augmentation.random_crop_padding < 0 || augmentation.random_crop_padding > kMaxPadding) {
    return invalid_argument("padding of {} pixels is not within [0, {}]",
                            augmentation.random_crop_padding, kMaxPadding);
  }
  if (!within(augmentation.brightness, kMaxJitter) || !within(augmentation.contrast, kMaxJitter) ||
      !within(augmentation.saturation, kMaxJitter)) {
    return invalid_argument(
        "jitter of brightness {}, contrast {}, saturation {}: not within [0, {}]",
        augmentation.brightness, augmentation.contrast, augmentation.saturation, kMaxJitter);
  }
  if (!within(augmentation.hue, 0.5F)) {
    return invalid_argument("jitter of hue {} is not within [0, 0.5]", augmentation.hue);
  }
  return {};
}

Image augment(Image image, const Augmentation& augmentation, Random& random) {
  if (augmentation.rotation_degrees > 0) {
    const float most = augmentation.rotation_degrees;
    image = rotate(image, random.uniform(-most, most));
  }
  if (augmentation.random_crop_padding > 0) {
    const int padding = augmentation.random_crop_padding;
    const auto offset = [&] {
      return static_cast<int>(random.below(static_cast<std::uint32_t>(2 * padding + 1))) - padding;
    };
    const int top = offset();
    const int left = offset();
    image = crop(image, top, left, image.height, image.width);
  }
  if (augmentation.horizontal_flip && random.below(2) == 1) image = flip_horizontal(image);
  if (augmentation.brightness > 0) {
    adjust_brightness(image, jitter_factor(augmentation.brightness, random));
  }
  if (augmentation.contrast > 0) {
    adjust_contrast(image, jitter_factor(augmentation.contrast, random));
  }
  if (augmentation.saturation > 0) {
    adjust_saturation(image, jitter_factor(augmentation.saturation, random));
  }
  if (augmentation.hue > 0) {
    adjust_hue(image, random.uniform(-augmentation.hue, augmentation.hue));
  }
  return image;
}

Random sample_random(std::uint64_t seed, std::int64_t epoch, std::int64_t index) {
  return Random(mix_seed(mix_seed(seed, static_cast<std::uint64_t>(epoch)),
                         static_cast<std::uint64_t>(index)));
}

}  // namespace lathe::data

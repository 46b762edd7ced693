#include "data/color.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lathe::data {
namespace {

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F);
}

// Applies value -> base + (value - base) * factor by table.
void scale_about(Image& image, float base, float factor) {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = to_byte(base + (static_cast<float>(i) - base) * factor);
  }
  for (std::uint8_t& value : image.pixels) value = table[value];
}

float mean_luma(const Image& image) {
  std::uint64_t total = 0;
  std::uint64_t count = 0;
  const std::vector<std::uint8_t>& pixels = image.pixels;
  const auto step = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < pixels.size(); i += step, ++count) {
    total += step == 1 ? pixels[i] : luma(pixels[i], pixels[i + 1], pixels[i + 2]);
  }
  return static_cast<float>(static_cast<double>(total) / static_cast<double>(count));
}

}  // namespace

void adjust_brightness(Image& image, float factor) { scale_about(image, 0, factor); }

void adjust_contrast(Image& image, float factor) { scale_about(image, mean_luma(image), factor); }

void adjust_saturation(Image& image, float factor) {
  if (image.channels == 1) return;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    std::uint8_t* p = image.pixels.data() + i;
    const float gray = luma(p[0], p[1], p[2]);
    for (int c = 0; c < 3; ++c) p[c] = to_byte(gray + (static_cast<float>(p[c]) - gray) * factor);
  }
}

void adjust_hue(Image& image, float turn) {
  if (image.channels == 1) return;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    std::uint8_t* p = image.pixels.data() + i;
    const float red = p[0];
    const float green = p[1];
    const float blue = p[2];
    const float high = std::max({red, green, blue});
    const float chroma = high - std::min({red, green, blue});
    if (chroma == 0) continue;
    float sector = 0;  // hue in sixths of the circle
    if (high == red) {
      sector = (green - blue) / chroma;
    } else if (high == green) {
      sector = 2 + (blue - red) / chroma;
    } else {
      sector = 4 + (red - green) / chroma;
    }
    sector += 6 * turn;
    // Each channel falls from `high` by the chroma times its distance from its own part of the
    // circle (the closed form of HSV to RGB).
    constexpr std::array<float, 3> kOffset{5, 3, 1};
    for (std::size_t c = 0; c < 3; ++c) {
      const float at = kOffset[c] + sector;
      const float k = at - 6 * std::floor(at / 6);
      p[c] = to_byte(high - chroma * std::clamp(std::min(k, 4 - k), 0.0F, 1.0F));
    }
  }
}

}  // namespace lathe::data

#include "data/geometry.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

namespace lathe::data {

Image flip_horizontal(const Image& image) {
  Image out = make_image(image.height, image.width, image.channels);
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t* from = image.row(y);
    std::uint8_t* to = out.row(y);
    if (image.channels == 1) {
      std::reverse_copy(from, from + image.width, to);
      continue;
    }
    to += out.row_bytes();
    for (int x = 0; x < image.width; ++x, from += 3) {
      to -= 3;
      to[0] = from[0];
      to[1] = from[1];
      to[2] = from[2];
    }
  }
  return out;
}

Image crop(const Image& image, int top, int left, int height, int width) {
  Image out = make_image(height, width, image.channels);
  const auto channels = static_cast<std::size_t>(image.channels);
  const int x_begin = std::max(0, -left);
  const int x_end = std::min(width, image.width - left);
  if (x_begin >= x_end) return out;
  for (int y = std::max(0, -top); y < std::min(height, image.height - top); ++y) {
    std::memcpy(out.row(y) + static_cast<std::size_t>(x_begin) * channels,
                image.row(y + top) + static_cast<std::size_t>(x_begin + left) * channels,
                static_cast<std::size_t>(x_end - x_begin) * channels);
  }
  return out;
}

Image center_crop(const Image& image, int height, int width) {
  const auto margin = [](int whole, int part) {
    return static_cast<int>(std::floor((whole - part) / 2.0));
  };
  return crop(image, margin(image.height, height), margin(image.width, width), height, width);
}

Image rotate(const Image& image, float degrees) {
  const float angle = degrees * std::numbers::pi_v<float> / 180;
  const float cosine = std::cos(angle);
  const float sine = std::sin(angle);
  const float center_x = static_cast<float>(image.width - 1) / 2;
  const float center_y = static_cast<float>(image.height - 1) / 2;
  const auto channels = static_cast<std::size_t>(image.channels);
  constexpr std::array<std::uint8_t, 3> kBlack{};
  const auto pixel = [&](int y, int x) {
    const bool inside = y >= 0 && y < image.height && x >= 0 && x < image.width;
    return inside ? image.row(y) + static_cast<std::size_t>(x) * channels : kBlack.data();
  };
  Image out = make_image(image.height, image.width, image.channels);
  for (int y = 0; y < out.height; ++y) {
    std::uint8_t* to = out.row(y);
    for (int x = 0; x < out.width; ++x) {
      const float dx = static_cast<float>(x) - center_x;
      const float dy = static_cast<float>(y) - center_y;
      const float from_x = center_x + cosine * dx - sine * dy;
      const float from_y = center_y + sine * dx + cosine * dy;
      const float floor_x = std::floor(from_x);
      const float floor_y = std::floor(from_y);
      const float share_x = from_x - floor_x;
      const float share_y = from_y - floor_y;
      const int left = static_cast<int>(floor_x);
      const int top = static_cast<int>(floor_y);
      const std::uint8_t* a = pixel(top, left);
      const std::uint8_t* b = pixel(top, left + 1);
      const std::uint8_t* c = pixel(top + 1, left);
      const std::uint8_t* d = pixel(top + 1, left + 1);
      for (std::size_t k = 0; k < channels; ++k) {
        const float upper =
            static_cast<float>(a[k]) * (1 - share_x) + static_cast<float>(b[k]) * share_x;
        const float lower =
            static_cast<float>(c[k]) * (1 - share_x) + static_cast<float>(d[k]) * share_x;
        *to++ = static_cast<std::uint8_t>(upper * (1 - share_y) + lower * share_y + 0.5F);
      }
    }
  }
  return out;
}

}  // namespace lathe::data

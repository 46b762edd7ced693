// An 8-bit image in memory, and the conversion between gray and colour.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lathe::data {

// Rows from top to bottom, pixels from left to right, channels interleaved: one (gray) or three in
// the order red, green, blue. `pixels` holds height * width * channels values.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;

  [[nodiscard]] std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
  [[nodiscard]] const std::uint8_t* row(int y) const {
    return pixels.data() + static_cast<std::size_t>(y) * row_bytes();
  }
  [[nodiscard]] std::uint8_t* row(int y) {
    return pixels.data() + static_cast<std::size_t>(y) * row_bytes();
  }
  bool operator==(const Image&) const = default;
};

// A black image; the extents are our own and positive, channels 1 or 3.
Image make_image(int height, int width, int channels);

// ITU-R BT.601 luma, rounded as Pillow rounds it.
inline std::uint8_t luma(int red, int green, int blue) {
  return static_cast<std::uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}

// The image with 1 (luma) or 3 (gray repeated) channels; itself where it has them already.
Image with_channels(Image image, int channels);

}  // namespace lathe::data

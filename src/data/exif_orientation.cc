#include "data/exif_orientation.h"

#include <algorithm>
#include <cstdint>

#include "data/byte_order.h"

namespace lathe::data {

int exif_orientation(std::span<const std::byte> tiff) {
  constexpr std::uint16_t kOrientationTag = 0x0112;
  constexpr std::uint16_t kShortType = 3;
  constexpr std::size_t kEntryBytes = 12;
  if (tiff.size() < 8) return 1;
  const bool big = tiff[0] == std::byte{'M'};
  if (tiff[0] != tiff[1] || (!big && tiff[0] != std::byte{'I'})) return 1;
  const auto u16 = [&](std::size_t at) {
    return big ? load_big<std::uint16_t>(tiff.data() + at)
               : load_little<std::uint16_t>(tiff.data() + at);
  };
  const std::size_t directory =
      big ? load_big<std::uint32_t>(tiff.data() + 4) : load_little<std::uint32_t>(tiff.data() + 4);
  if (directory > tiff.size() - 2) return 1;
  const std::size_t entries =
      std::min<std::size_t>(u16(directory), (tiff.size() - directory - 2) / kEntryBytes);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (u16(entry) != kOrientationTag || u16(entry + 2) != kShortType) continue;
    const int value = u16(entry + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

Image apply_orientation(Image image, int orientation) {
  if (orientation <= 1) return image;
  // Orientation 5 is a transposition, 2 to 4 and 6 to 8 mirror one or both axes besides.
  const bool transposed = orientation >= 5;
  const bool mirrored_x =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirrored_y =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image out = transposed ? make_image(image.width, image.height, image.channels)
                         : make_image(image.height, image.width, image.channels);
  const auto channels = static_cast<std::size_t>(image.channels);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const int to_x = mirrored_x ? out.width - 1 - x : x;
      const int to_y = mirrored_y ? out.height - 1 - y : y;
      const std::uint8_t* from = transposed ? image.row(x) + static_cast<std::size_t>(y) * channels
                                            : image.row(y) + static_cast<std::size_t>(x) * channels;
      std::copy_n(from, channels, out.row(to_y) + static_cast<std::size_t>(to_x) * channels);
    }
  }
  return out;
}

}  // namespace lathe::data

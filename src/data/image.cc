#include "data/image.h"

#include <utility>

#include "base/result.h"

namespace lathe::data {

Image make_image(int height, int width, int channels) {
  LATHE_CHECK(height > 0 && width > 0 && (channels == 1 || channels == 3));
  Image image{width, height, channels, {}};
  image.pixels.resize(image.row_bytes() * static_cast<std::size_t>(height));
  return image;
}

Image with_channels(Image image, int channels) {
  if (image.channels == channels) return image;
  Image out = make_image(image.height, image.width, channels);
  const std::size_t count =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  const std::uint8_t* from = image.pixels.data();
  std::uint8_t* to = out.pixels.data();
  for (std::size_t i = 0; i < count; ++i) {
    if (channels == 1) {
      to[i] = luma(from[3 * i], from[3 * i + 1], from[3 * i + 2]);
    } else {
      to[3 * i] = to[3 * i + 1] = to[3 * i + 2] = from[i];
    }
  }
  return out;
}

}  // namespace lathe::data

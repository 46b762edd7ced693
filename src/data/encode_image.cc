#include "data/encode_image.h"

#include <png.h>

namespace lathe::data {

Result<std::string> encode_png(const Image& image) {
  if (image.width <= 0 || image.height <= 0 || (image.channels != 1 && image.channels != 3) ||
      image.pixels.size() != image.row_bytes() * static_cast<std::size_t>(image.height)) {
    return invalid_argument("no PNG of an image of {}x{} with {} channels", image.width,
                            image.height, image.channels);
  }
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) ==
      0) {
    return error(ErrorCode::kInternal, "PNG: {}", header.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace lathe::data

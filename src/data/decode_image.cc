#include "data/decode_image.h"

#include "data/decode_jpeg.h"
#include "data/decode_png.h"

namespace lathe::data {

Result<Image> decode_image(std::span<const std::byte> bytes, std::int64_t max_pixels) {
  if (is_jpeg(bytes)) return decode_jpeg(bytes, max_pixels).with_context("JPEG");
  if (is_png(bytes)) return decode_png(bytes, max_pixels).with_context("PNG");
  return invalid_data("neither a JPEG nor a PNG file ({} bytes)", bytes.size());
}

Result<Image> load_image(const Path& path, std::int64_t max_pixels) {
  ASSIGN_OR_RETURN(const std::string bytes, read_file(path));
  return decode_image(std::as_bytes(std::span(bytes)), max_pixels).with_context(path.string());
}

Result<ImageInfo> read_image_info(std::span<const std::byte> bytes) {
  if (is_jpeg(bytes)) return read_jpeg_info(bytes).with_context("JPEG");
  if (is_png(bytes)) return read_png_info(bytes).with_context("PNG");
  return invalid_data("neither a JPEG nor a PNG file ({} bytes)", bytes.size());
}

}  // namespace lathe::data

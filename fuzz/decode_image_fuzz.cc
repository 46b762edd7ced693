#include <cstddef>
#include <cstdint>
#include <span>

#include "data/decode_image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kMaxPixels = 1 << 18;  // what the sanitizers get through quickly
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto image = lathe::data::decode_image(bytes, kMaxPixels);
  const auto info = lathe::data::read_image_info(bytes);
  if (image.ok()) {
    LATHE_CHECK(info.ok() && info->width == image->width && info->height == image->height &&
                info->channels == image->channels);
    LATHE_CHECK(image->pixels.size() ==
                image->row_bytes() * static_cast<std::size_t>(image->height));
  }
  return 0;
}

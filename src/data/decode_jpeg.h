// JPEG files through libjpeg-turbo; see decode_image.h for what is promised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "data/decode_image.h"

namespace lathe::data {

bool is_jpeg(std::span<const std::byte> bytes);
Result<Image> decode_jpeg(std::span<const std::byte> bytes, std::int64_t max_pixels);
Result<ImageInfo> read_jpeg_info(std::span<const std::byte> bytes);

}  // namespace lathe::data

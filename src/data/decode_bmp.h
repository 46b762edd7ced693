// Windows bitmaps, uncompressed; see decode_image.h for what is promised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "data/decode_image.h"

namespace lathe::data {

// Of 1, 4, 8 (with a palette), 16, 24 or 32 bits per pixel, in rows from the bottom or from the
// top. Run-length encoding and the headers of OS/2 are kUnsupported. An image whose palette is all
// gray has one channel.
bool is_bmp(std::span<const std::byte> bytes);
Result<Image> decode_bmp(std::span<const std::byte> bytes, std::int64_t max_pixels);
Result<ImageInfo> read_bmp_info(std::span<const std::byte> bytes);

}  // namespace lathe::data

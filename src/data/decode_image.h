// JPEG, PNG and BMP files to pixels. Every byte of the input is taken to be hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "data/image.h"

namespace lathe::data {

// Images with more pixels than this are refused before their pixels are allocated.
inline constexpr std::int64_t kMaxImagePixels = 100'000'000;

// Told apart by their first bytes. The image comes as one shows it: EXIF orientation (of JPEG and
// PNG) is applied; palettes, 1 to 16 bits per channel, CMYK and YCCK become 8-bit gray or RGB;
// transparency is dropped, as Pillow's convert("RGB") drops it. A file that ends early, whose
// checksums are wrong or whose entropy-coded data is damaged is an error (kInvalidData), also where
// a part of it could be shown. Thread-safe.
Result<Image> decode_image(std::span<const std::byte> bytes,
                           std::int64_t max_pixels = kMaxImagePixels);
// The same for a file; errors name the path.
Result<Image> load_image(const Path& path, std::int64_t max_pixels = kMaxImagePixels);

// Whether the name ends as those of images that can be read do, in letters of either case.
bool is_image_name(const Path& path);
// Those endings, for messages.
inline constexpr std::string_view kImageExtensions = ".jpg, .jpeg, .png and .bmp";

// The extents that decode_image would give, read from the header alone.
struct ImageInfo {
  int width = 0;
  int height = 0;
  int channels = 0;
  bool operator==(const ImageInfo&) const = default;
};
Result<ImageInfo> read_image_info(std::span<const std::byte> bytes);

}  // namespace lathe::data

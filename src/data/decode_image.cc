#include "data/decode_image.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "data/decode_bmp.h"
#include "data/decode_jpeg.h"
#include "data/decode_png.h"

namespace lathe::data {
namespace {

struct Format {
  std::string_view name;
  bool (*is)(std::span<const std::byte>);
  Result<Image> (*decode)(std::span<const std::byte>, std::int64_t);
  Result<ImageInfo> (*read_info)(std::span<const std::byte>);
};
constexpr Format kFormats[] = {
    {"JPEG", is_jpeg, decode_jpeg, read_jpeg_info},
    {"PNG", is_png, decode_png, read_png_info},
    {"BMP", is_bmp, decode_bmp, read_bmp_info},
};

// What people have beside those, to be named in an error.
struct Signature {
  std::string_view name;
  std::size_t at;
  std::string_view bytes;
};
constexpr Signature kUnreadable[] = {
    {"GIF", 0, "GIF8"},
    {"WebP", 8, "WEBP"},
    {"TIFF", 0, std::string_view("II*\0", 4)},
    {"TIFF", 0, std::string_view("MM\0*", 4)},
    {"AVIF", 4, "ftypavif"},
    {"HEIC", 4, "ftypheic"},
    {"HEIC", 4, "ftypmif1"},
    {"JPEG 2000", 0, std::string_view("\0\0\0\x0cjP", 6)},
};

Result<const Format*> find_format(std::span<const std::byte> bytes) {
  for (const Format& format : kFormats) {
    if (format.is(bytes)) return &format;
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Signature& signature : kUnreadable) {
    if (text.size() < signature.at || !text.substr(signature.at).starts_with(signature.bytes)) {
      continue;
    }
    return unsupported("a {} file; JPEG, PNG and BMP can be read", signature.name);
  }
  return invalid_data("no JPEG, PNG or BMP file ({} bytes)", bytes.size());
}

}  // namespace

Result<Image> decode_image(std::span<const std::byte> bytes, std::int64_t max_pixels) {
  ASSIGN_OR_RETURN(const Format* format, find_format(bytes));
  return format->decode(bytes, max_pixels).with_context(format->name);
}

Result<Image> load_image(const Path& path, std::int64_t max_pixels) {
  ASSIGN_OR_RETURN(const std::string bytes, read_file(path));
  return decode_image(std::as_bytes(std::span(bytes)), max_pixels).with_context(path.string());
}

bool is_image_name(const Path& path) {
  constexpr std::string_view kKnown[] = {".jpg", ".jpeg", ".png", ".bmp"};
  return std::ranges::find(kKnown, extension_of(path)) != std::end(kKnown);
}

Result<ImageInfo> read_image_info(std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(const Format* format, find_format(bytes));
  return format->read_info(bytes).with_context(format->name);
}

}  // namespace lathe::data

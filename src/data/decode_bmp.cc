#include "data/decode_bmp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "data/byte_order.h"

namespace lathe::data {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::size_t kInfoHeader = 40;      // BITMAPINFOHEADER, with which all later headers begin
constexpr std::size_t kMasksAt = 54;         // in those later headers, or behind the first
constexpr std::uint32_t kUncompressed = 0;   // BI_RGB
constexpr std::uint32_t kMasks = 3;          // BI_BITFIELDS
constexpr std::uint32_t kMasksAndAlpha = 6;  // BI_ALPHABITFIELDS

using Color = std::array<std::uint8_t, 3>;  // red, green, blue

struct Header {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool from_top = false;
  std::uint32_t bits = 0;  // per pixel
  std::size_t pixels_at = 0;
  std::array<std::uint32_t, 3> masks{};  // of red, green and blue, for 16 bits and more
  std::vector<Color> palette;            // for 8 bits and fewer

  [[nodiscard]] std::int64_t row_bytes() const { return (width * bits + 31) / 32 * 4; }
  [[nodiscard]] int channels() const {
    const auto is_gray = [](const Color& c) { return c[0] == c[1] && c[1] == c[2]; };
    return !palette.empty() && std::ranges::all_of(palette, is_gray) ? 1 : 3;
  }
};

// One run of bits within the pixel, apart from the other two.
Status check_masks(const Header& header) {
  std::uint64_t seen = 0;
  for (const std::uint32_t mask : header.masks) {
    const std::uint32_t run = mask == 0 ? 0 : mask >> std::countr_zero(mask);
    if (run == 0 || (run & (run + 1)) != 0 || (seen & mask) != 0 ||
        (header.bits < 32 && mask >> header.bits != 0)) {
      return invalid_data("the colour mask 0x{:x} makes no sense in {} bits", mask, header.bits);
    }
    seen |= mask;
  }
  return {};
}

Status read_masks(std::span<const std::byte> bytes, std::uint32_t compression, Header& header) {
  if (compression == kUncompressed) {
    header.masks = {0xff0000, 0xff00, 0xff};
    if (header.bits == 16) header.masks = {0x7c00, 0x3e0, 0x1f};
    return {};
  }
  if (header.pixels_at < kMasksAt + 12) return invalid_data("no room for the colour masks");
  for (std::size_t i = 0; i < 3; ++i) {
    header.masks[i] = load_little<std::uint32_t>(bytes.data() + kMasksAt + 4 * i);
  }
  return check_masks(header);
}

Status read_palette(std::span<const std::byte> bytes, std::size_t begin, std::uint32_t used,
                    Header& header) {
  const std::size_t most = std::size_t{1} << header.bits;
  const std::size_t count = used == 0 ? most : used;
  if (count > most) return invalid_data("{} colours in {} bits", count, header.bits);
  if (begin + 4 * count > header.pixels_at) {
    return invalid_data("the palette of {} colours reaches into the pixels", count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::byte* from = bytes.data() + begin + 4 * i;  // blue, green, red, nothing
    header.palette.push_back({std::to_integer<std::uint8_t>(from[2]),
                              std::to_integer<std::uint8_t>(from[1]),
                              std::to_integer<std::uint8_t>(from[0])});
  }
  return {};
}

Result<Header> read_header(std::span<const std::byte> bytes) {
  if (bytes.size() < kFileHeader + kInfoHeader) {
    return invalid_data("the file ends within its header");
  }
  const auto u32 = [&](std::size_t at) { return load_little<std::uint32_t>(bytes.data() + at); };
  const std::size_t header_bytes = u32(14);
  constexpr std::size_t kKnown[] = {40, 52, 56, 108, 124};
  if (std::ranges::find(kKnown, header_bytes) == std::end(kKnown)) {
    return unsupported("a header of {} bytes, expected one of Windows' (40 to 124)", header_bytes);
  }
  Header header;
  header.width = std::bit_cast<std::int32_t>(u32(18));
  header.height = std::bit_cast<std::int32_t>(u32(22));
  header.from_top = header.height < 0;
  if (header.from_top) header.height = -header.height;
  header.bits = load_little<std::uint16_t>(bytes.data() + 28);
  header.pixels_at = u32(10);
  const std::uint32_t compression = u32(30);
  if (header.width < 1 || header.height < 1 ||
      header.height > std::numeric_limits<std::int32_t>::max()) {
    return invalid_data("an image of {}x{} pixels", header.width, header.height);
  }
  constexpr std::uint32_t kBits[] = {1, 4, 8, 16, 24, 32};
  if (std::ranges::find(kBits, header.bits) == std::end(kBits)) {
    return unsupported("{} bits per pixel, expected 1, 4, 8, 16, 24 or 32", header.bits);
  }
  const bool may_have_masks = header.bits == 16 || header.bits == 32;
  if (compression != kUncompressed &&
      !(may_have_masks && (compression == kMasks || compression == kMasksAndAlpha))) {
    return unsupported("compressed (kind {}), only uncompressed ones can be read", compression);
  }
  if (header.pixels_at < kFileHeader + header_bytes || header.pixels_at > bytes.size()) {
    return invalid_data("the pixels begin at byte {} of {}", header.pixels_at, bytes.size());
  }
  if (header.bits <= 8) {
    RETURN_IF_ERROR(read_palette(bytes, kFileHeader + header_bytes, u32(46), header));
  } else {
    RETURN_IF_ERROR(read_masks(bytes, compression, header));
  }
  return header;
}

// Palette indices of 1, 4 or 8 bits, the leftmost pixel in the highest ones.
Status decode_indices(const Header& header, const std::byte* from, std::uint8_t* to, int channels) {
  const auto bits = static_cast<std::int64_t>(header.bits);
  const unsigned mask = (1U << header.bits) - 1;
  for (std::int64_t x = 0; x < header.width; ++x) {
    const std::int64_t at = x * bits;
    const auto shift = static_cast<unsigned>(8 - bits - at % 8);
    const unsigned index = (std::to_integer<unsigned>(from[at / 8]) >> shift) & mask;
    if (index >= header.palette.size()) {
      return invalid_data("colour {} of a palette of {}", index, header.palette.size());
    }
    to = std::copy_n(header.palette[index].data(), channels, to);
  }
  return {};
}

void decode_colors(const Header& header, const std::byte* from, std::uint8_t* to) {
  const std::size_t bytes = header.bits / 8;
  for (std::int64_t x = 0; x < header.width; ++x, from += bytes) {
    std::uint32_t pixel = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      pixel |= std::to_integer<std::uint32_t>(from[i]) << 8 * i;
    for (const std::uint32_t mask : header.masks) {
      const int shift = std::countr_zero(mask);
      const std::uint64_t most = mask >> shift;
      *to++ = static_cast<std::uint8_t>(((pixel & mask) >> shift) * 255 / most);
    }
  }
}

}  // namespace

bool is_bmp(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{'B'} && bytes[1] == std::byte{'M'};
}

Result<Image> decode_bmp(std::span<const std::byte> bytes, std::int64_t max_pixels) {
  ASSIGN_OR_RETURN(const Header header, read_header(bytes));
  if (header.width > max_pixels / header.height) {
    return error(ErrorCode::kResourceExhausted, "{}x{} is more than {} pixels", header.width,
                 header.height, max_pixels);
  }
  const auto row_bytes = static_cast<std::size_t>(header.row_bytes());
  const auto rows = static_cast<std::size_t>(header.height);
  if (row_bytes > (bytes.size() - header.pixels_at) / rows) {
    return invalid_data("{} bytes cannot hold {}x{} pixels", bytes.size(), header.width,
                        header.height);
  }
  Image image = make_image(static_cast<int>(header.height), static_cast<int>(header.width),
                           header.channels());
  for (std::size_t y = 0; y < rows; ++y) {
    const std::byte* from = bytes.data() + header.pixels_at + y * row_bytes;
    std::uint8_t* to = image.row(static_cast<int>(header.from_top ? y : rows - 1 - y));
    if (header.palette.empty()) {
      decode_colors(header, from, to);
    } else {
      RETURN_IF_ERROR(decode_indices(header, from, to, image.channels));
    }
  }
  return image;
}

Result<ImageInfo> read_bmp_info(std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(const Header header, read_header(bytes));
  return ImageInfo{static_cast<int>(header.width), static_cast<int>(header.height),
                   header.channels()};
}

}  // namespace lathe::data

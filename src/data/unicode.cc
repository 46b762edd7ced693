#include "data/unicode.h"

namespace lathe::data {
namespace {

bool is_character(std::uint32_t point) {
  return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

}  // namespace

bool append_utf8(std::string& out, std::uint32_t point) {
  if (!is_character(point)) return false;
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | ((point >> shift) & 0x3f)));
  };
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (point >> 6)));
    tail(0);
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | (point >> 12)));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xf0 | (point >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
  return true;
}

Result<std::u32string> decode_utf8(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = lead < 0x80           ? 1
                               : (lead >> 5) == 0x06 ? 2
                               : (lead >> 4) == 0x0e ? 3
                               : (lead >> 3) == 0x1e ? 4
                                                     : 0;
    if (length == 0 || i + length > text.size()) return invalid_data("byte {} is not UTF-8", i);
    std::uint32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<std::uint8_t>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return invalid_data("byte {} is not UTF-8", i + k);
      point = (point << 6) | (byte & 0x3fU);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[length] || !is_character(point)) {
      return invalid_data("byte {} is not UTF-8", i);
    }
    out.push_back(static_cast<char32_t>(point));
    i += length;
  }
  return out;
}

}  // namespace lathe::data

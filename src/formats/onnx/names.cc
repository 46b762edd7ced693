#include "formats/onnx/names.h"

#include <cstdint>

namespace lathe::formats {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

// Bytes of the character at the start of `text`, 0 where it is malformed (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;  // surrogates
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return 0;
  }
  if (text.size() < length || at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xc0U) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Status check_name(std::string_view name, std::string_view what) {
  if (name.size() > kMaxNameBytes) {
    return invalid_data("{} '{}' has {} bytes, at most {} are accepted", what, printable(name),
                        name.size(), kMaxNameBytes);
  }
  for (const char c : name) {
    if (is_control(c)) {
      return invalid_data("{} '{}' has a control character", what, printable(name));
    }
  }
  if (!is_valid_utf8(name)) return invalid_data("{} '{}' is not UTF-8", what, printable(name));
  return {};
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string out;
  while (!text.empty() && out.size() < kLongest) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || is_control(text[0])) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return text.empty() ? out : out + "...";
}

}  // namespace lathe::formats

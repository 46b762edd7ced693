#include "report/markup.h"

#include <cstdint>

#include "report/utf8.h"

namespace lathe::report {

std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const CodePoint next = decode_utf8(text);
    const bool layout = next.value == '\n' || next.value == '\t';
    if (!next.valid || (is_control(next.value) && !layout)) {
      out += "\uFFFD";
    } else if (next.value == '&') {
      out += "&amp;";
    } else if (next.value == '<') {
      out += "&lt;";
    } else if (next.value == '>') {
      out += "&gt;";
    } else if (next.value == '"') {
      out += "&quot;";
    } else if (next.value == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto byte = at + i < bytes.size() ? static_cast<std::uint8_t>(bytes[at + i]) : 0U;
      group = (group << 8) | byte;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      const bool padding = at + i > bytes.size();
      out.push_back(padding ? '=' : kDigits[(group >> (18 - 6 * i)) & 63]);
    }
  }
  return out;
}

}  // namespace lathe::report

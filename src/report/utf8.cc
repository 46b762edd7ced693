#include "report/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "report/text_table.h"

namespace lathe::report {
namespace {

using Range = std::pair<char32_t, char32_t>;

// Of Unicode's combining marks and default-ignorable characters those in common scripts.
constexpr std::array kZeroWidth{
    Range{0x0300, 0x036f},  Range{0x0483, 0x0489}, Range{0x0591, 0x05bd}, Range{0x0610, 0x061a},
    Range{0x064b, 0x065f},  Range{0x06d6, 0x06dc}, Range{0x093a, 0x093a}, Range{0x093c, 0x093c},
    Range{0x0941, 0x0948},  Range{0x0e31, 0x0e31}, Range{0x0e34, 0x0e3a}, Range{0x0e47, 0x0e4e},
    Range{0x1ab0, 0x1aff},  Range{0x1dc0, 0x1dff}, Range{0x200b, 0x200f}, Range{0x2060, 0x2064},
    Range{0x20d0, 0x20ff},  Range{0xfe00, 0xfe0f}, Range{0xfe20, 0xfe2f}, Range{0xfeff, 0xfeff},
    Range{0xe0100, 0xe01ef}};

// East Asian Wide and Fullwidth, and emoji that terminals draw over two cells.
constexpr std::array kWide{
    Range{0x1100, 0x115f},   Range{0x231a, 0x231b},   Range{0x23e9, 0x23ec},
    Range{0x25fd, 0x25fe},   Range{0x2614, 0x2615},   Range{0x2648, 0x2653},
    Range{0x26a1, 0x26a1},   Range{0x2705, 0x2705},   Range{0x270a, 0x270b},
    Range{0x2728, 0x2728},   Range{0x274c, 0x274c},   Range{0x2753, 0x2755},
    Range{0x2795, 0x2797},   Range{0x2b1b, 0x2b1c},   Range{0x2b50, 0x2b50},
    Range{0x2e80, 0x303e},   Range{0x3041, 0x33ff},   Range{0x3400, 0x4dbf},
    Range{0x4e00, 0x9fff},   Range{0xa000, 0xa4cf},   Range{0xa960, 0xa97f},
    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},
    Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},   Range{0x1f300, 0x1f64f},
    Range{0x1f680, 0x1f6ff}, Range{0x1f900, 0x1f9ff}, Range{0x1fa70, 0x1faff},
    Range{0x20000, 0x3fffd}};

template <std::size_t N>
bool contains(const std::array<Range, N>& ranges, char32_t value) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), value,
                       [](char32_t v, const Range& range) { return v < range.first; });
  return after != ranges.begin() && value <= std::prev(after)->second;
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t count = 0;
  char32_t smallest = 0;
  char32_t value = 0;
  if ((lead & 0xe0) == 0xc0) {
    count = 2, smallest = 0x80, value = lead & 0x1f;
  } else if ((lead & 0xf0) == 0xe0) {
    count = 3, smallest = 0x800, value = lead & 0x0f;
  } else if ((lead & 0xf8) == 0xf0) {
    count = 4, smallest = 0x10000, value = lead & 0x07;
  }
  if (count == 0 || text.size() < count) return {lead, 1, false};
  for (std::size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {lead, 1, false};
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < smallest || value > 0x10ffff || surrogate) return {lead, 1, false};
  return {value, count, true};
}

bool is_control(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0x200e ||
         code_point == 0x200f;
}

int code_point_width(char32_t code_point) {
  if (contains(kZeroWidth, code_point)) return 0;
  return contains(kWide, code_point) ? 2 : 1;
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const CodePoint next = decode_utf8(text);
    width += next.valid ? code_point_width(next.value) : 1;
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint next = decode_utf8(text);
    if (next.valid && !is_control(next.value)) {
      out += text.substr(0, next.bytes);
    } else {
      for (const char byte : text.substr(0, next.bytes)) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      }
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string shorten(std::string_view text, int width, Ellipsis where) {
  if (display_width(text) <= width) return std::string(text);
  if (width <= 0) return {};
  const int head_width =
      where == Ellipsis::kEnd ? width - 1 : (where == Ellipsis::kMiddle ? (width - 1) / 2 : 0);
  const int tail_width = width - 1 - head_width;
  std::string head;
  int used = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const CodePoint next = decode_utf8(rest);
    const int cells = next.valid ? code_point_width(next.value) : 1;
    if (used + cells > head_width) break;
    used += cells;
    head += rest.substr(0, next.bytes);
    rest.remove_prefix(next.bytes);
  }
  int left = display_width(rest);
  while (left > tail_width) {
    const CodePoint next = decode_utf8(rest);
    left -= next.valid ? code_point_width(next.value) : 1;
    rest.remove_prefix(next.bytes);
  }
  return head + "…" + std::string(rest);
}

std::vector<std::string> wrap(std::string_view text, int width) {
  if (display_width(text) <= width) return {std::string(text)};
  std::vector<std::string> lines;
  std::string line;
  int used = 0;
  const auto end_line = [&] {
    lines.push_back(std::exchange(line, {}));
    used = 0;
  };
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    std::string_view word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    if (used > 0 && used + 1 + display_width(word) > width) end_line();
    if (used > 0) line += ' ', ++used;
    while (!word.empty()) {
      const CodePoint next = decode_utf8(word);
      const int cells = next.valid ? code_point_width(next.value) : 1;
      if (used > 0 && used + cells > width) end_line();
      line += word.substr(0, next.bytes);
      used += cells;
      word.remove_prefix(next.bytes);
    }
  }
  if (used > 0 || lines.empty()) end_line();
  return lines;
}

std::string wrap_lines(std::string_view text, int width, int indent) {
  if (width <= 0) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    // The first line has the room of the indentation as well; words make up for that seldom.
    const int room = display_width(line) <= width ? width : width - indent;
    bool first = true;
    for (const std::string& part : wrap(line, room)) {
      if (!first) out += '\n' + std::string(static_cast<std::size_t>(indent), ' ');
      out += part;
      first = false;
    }
    if (end != std::string_view::npos) out += '\n';
  }
  return out;
}

}  // namespace lathe::report

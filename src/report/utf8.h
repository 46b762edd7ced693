// UTF-8 text that may come from anywhere: one code point at a time, and what it takes on a screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lathe::report {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;  // false: one byte that begins no well-formed sequence
};

// The first code point of `text`, which is not empty. Overlong forms, surrogates and values beyond
// U+10FFFF are not valid.
CodePoint decode_utf8(std::string_view text);

// Control characters, and the marks that turn the direction of the text that follows them: what
// has no place in a name and can make a page or a terminal show something else than it holds.
bool is_control(char32_t code_point);

// Cells on a terminal: 0, 1 or 2.
int code_point_width(char32_t code_point);

// `text` in at most `width` cells, its end, or its middle, replaced by "…" where it is longer.
enum class Ellipsis { kEnd, kMiddle };
std::string shorten(std::string_view text, int width, Ellipsis where = Ellipsis::kEnd);

}  // namespace lathe::report

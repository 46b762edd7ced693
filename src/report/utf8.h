// UTF-8 text that may come from anywhere: one code point at a time, and what it takes on a screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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

// `text` with control characters and bytes that are no UTF-8 as "\xNN": what a terminal can show.
std::string visible(std::string_view text);

// `text` in at most `width` cells, its end, its middle or its beginning replaced by "…" where it is
// longer.
enum class Ellipsis { kEnd, kMiddle, kBeginning };
std::string shorten(std::string_view text, int width, Ellipsis where = Ellipsis::kEnd);

// `text` in lines of at most `width` cells, at least 2: broken at spaces, and within a word only
// where that is longer than a line. Text that fits is one line as it is; there is always one.
std::vector<std::string> wrap(std::string_view text, int width);
// Each of the lines of `text` wrapped so, what is broken off indented; ends in '\n' where `text`
// does. 0 as `width` leaves it as it is.
std::string wrap_lines(std::string_view text, int width, int indent = 0);

}  // namespace lathe::report

// What operators on strings share.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace lathe::ops {

// A small file can ask for much text, by broadcasting it or by padding it with empty strings; no
// operator makes more than so many bytes and strings.
inline constexpr std::int64_t kMostTextBytes = std::int64_t{1} << 32;
inline constexpr std::int64_t kMostStrings = std::int64_t{1} << 26;

// The first code point of the text, and its bytes; -1 and 1 where it is not UTF-8. The text is not
// empty.
struct CodePoint {
  std::int32_t value = -1;
  std::size_t bytes = 1;
};
CodePoint first_code_point(std::string_view text);

// White space as Unicode and Python have it, and so ONNX's reference.
bool is_white_space(std::int32_t code_point);

}  // namespace lathe::ops

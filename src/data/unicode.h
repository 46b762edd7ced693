// UTF-8 to code points and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lathe::data {

// Appends the character; false, with nothing appended, for surrogates and beyond U+10FFFF.
bool append_utf8(std::string& out, std::uint32_t point);

// Overlong forms, surrogates and cut sequences are errors (RFC 3629).
Result<std::u32string> decode_utf8(std::string_view text);

}  // namespace lathe::data

// Text and bytes as they may stand in HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace lathe::report {

// For element content and for attribute values in double quotes. Control characters except line
// ends and tabs, marks that turn the direction of text, and bytes that are no UTF-8 become U+FFFD.
std::string escape_markup(std::string_view text);

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace lathe::report

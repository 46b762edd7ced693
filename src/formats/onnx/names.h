// Names that come from a file: what is accepted, and how a message shows them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace lathe::formats {

// Longer names are refused: they would only serve to fill memory and logs.
inline constexpr std::size_t kMaxNameBytes = 8192;

bool is_valid_utf8(std::string_view text);

// A name of a value, node, operator, attribute or symbol: UTF-8 without control characters, at most
// kMaxNameBytes. Empty ones pass. `what` says whose name it is: "node #3: name".
Status check_name(std::string_view name, std::string_view what);

// Text of a file for a message: on one line, without control characters, cut after 80 bytes.
std::string printable(std::string_view text);

}  // namespace lathe::formats

// Comma-separated values as RFC 4180 has them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lathe::report {

// The text, in quotes where it holds a comma, a quote or a line end.
std::string csv_field(std::string_view text);

// The fields and the line end.
std::string csv_line(std::span<const std::string> fields);

}  // namespace lathe::report

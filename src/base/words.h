// Numbers and names as messages have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lathe {

// Digits in groups of three: "999", "1,234", "-10,000".
std::string grouped(std::int64_t number);

// The number and the noun in the form that goes with it: "1 file", "1,234 files". Without `nouns`
// the plural ends in "s".
std::string counted(std::int64_t count, std::string_view noun, std::string_view nouns = {});

// "a", "a and b", "a, b and c"; beyond `most` of them "a, b and 7 more".
std::string listed(std::span<const std::string> names, std::size_t most = 10);

}  // namespace lathe

// Names that differ in case alone: TopK's attribute `k` became input `K`.
#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

namespace lathe::formats {

inline bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace lathe::formats

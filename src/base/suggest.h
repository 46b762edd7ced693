// "did you mean": the known name that somebody who mistyped one is likely to have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// The nearest of `known` by Damerau and Levenshtein's distance (a letter added, left out, replaced,
// or two swapped, whatever their case), or empty where none is near: one error in three letters.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> known);

// "; did you mean 'native'?" for the end of a message, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace lathe

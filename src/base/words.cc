#include "base/words.h"

#include <algorithm>

namespace lathe {

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string counted(std::int64_t count, std::string_view noun, std::string_view nouns) {
  std::string text = grouped(count) + " ";
  if (count == 1) return text += noun;
  return nouns.empty() ? (text += noun) + "s" : text += nouns;
}

std::string listed(std::span<const std::string> names, std::size_t most) {
  // Naming the last one takes no more room than counting it.
  const std::size_t shown = names.size() <= most + 1 ? names.size() : most;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == names.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + names[i];
  }
  if (shown < names.size()) {
    text += " and " + grouped(static_cast<std::int64_t>(names.size() - shown)) + " more";
  }
  return text;
}

}  // namespace lathe

#include "base/near_path.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "base/suggest.h"

namespace lathe {

std::string did_you_mean_path(const Path& missing) {
  constexpr std::size_t kMostEntries = 10'000;  // of a folder; more take longer than they help
  std::error_code fault;
  Path there;
  for (auto part = missing.begin(); part != missing.end(); ++part) {
    const Path next = there / *part;
    if (std::filesystem::exists(next, fault)) {
      there = next;
      continue;
    }
    std::vector<std::string> names;
    std::filesystem::directory_iterator entries(there.empty() ? Path(".") : there, fault);
    while (!fault && entries != std::filesystem::directory_iterator() &&
           names.size() < kMostEntries) {
      names.push_back(entries->path().filename().string());
      entries.increment(fault);
    }
    std::ranges::sort(names);
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view nearest = nearest_name(part->string(), known);
    if (nearest.empty()) return {};
    Path meant = there / nearest;
    for (auto rest = std::next(part); rest != missing.end(); ++rest) meant /= *rest;
    // Where the rest is not there either, the folder alone is still a hint.
    if (!std::filesystem::exists(meant, fault)) meant = there / nearest;
    return "; did you mean '" + meant.string() + "'?";
  }
  return {};
}

}  // namespace lathe

#include "ir/layout.h"

#include <algorithm>

namespace lathe::ir {

bool layouts_coincide(std::span<const std::int64_t> dims) {
  if (dims.size() < 3 || dims[1] == 1) return true;
  return std::all_of(dims.begin() + 2, dims.end(), [](std::int64_t extent) { return extent == 1; });
}

std::string_view layout_name(Layout layout) {
  return layout == Layout::kChannelsLast ? "channels_last" : "row_major";
}

std::optional<Layout> parse_layout(std::string_view name) {
  for (const Layout layout : {Layout::kRowMajor, Layout::kChannelsLast})
    if (name == layout_name(layout)) return layout;
  return std::nullopt;
}

}  // namespace lathe::ir

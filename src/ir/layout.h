// The order of a tensor's axes in memory, which shapes do not tell: they are as ONNX has them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lathe::ir {

// Channels-last puts axis 1 behind all others: [N, C, H, W] lies in memory as [N, H, W, C].
enum class Layout { kRowMajor, kChannelsLast };

// Whether both layouts of a tensor with these extents are the same bytes: of rank below 3, of one
// channel, or of one pixel.
bool layouts_coincide(std::span<const std::int64_t> dims);

// "row_major", "channels_last".
std::string_view layout_name(Layout layout);
std::optional<Layout> parse_layout(std::string_view name);

}  // namespace lathe::ir

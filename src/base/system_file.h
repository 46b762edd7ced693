// Files in which the kernel tells about the machine, below /proc and /sys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace lathe {

// The file's text without blanks at either end; nothing where it is absent or cannot be read, which
// in containers and virtual machines is no error. At most the first megabyte.
std::optional<std::string> read_system_file(const Path& path);

// A decimal number that is the whole text; nothing where the text is anything else.
std::optional<std::int64_t> parse_integer(std::string_view text);

// "0-3,8" as {0, 1, 2, 3, 8}; parts that are not of that form are left out, and so are processors
// beyond the 65,536th.
std::vector<int> parse_cpu_list(std::string_view text);

// The pieces between blanks; none is empty.
std::vector<std::string_view> split_words(std::string_view text);

}  // namespace lathe

// Paths that name no file of their own.
#pragma once

#include "base/file.h"

namespace lathe {

// Whether what is written to `path` reaches a device, a pipe or a file that is open already
// (/dev/stdout), whose name tells nothing of its content.
bool is_stream(const Path& path);

}  // namespace lathe

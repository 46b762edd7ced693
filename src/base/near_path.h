// What somebody who mistyped a path is likely to have meant.
#pragma once

#include <string>

#include "base/file.h"

namespace lathe {

// "; did you mean 'photos/train'?" for the end of a message about a path that does not exist: the
// first of its parts that is not there, replaced by the nearest name beside it. Nothing where the
// path exists, or nothing is near.
std::string did_you_mean_path(const Path& missing);

}  // namespace lathe

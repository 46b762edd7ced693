// What OpenVINO says when something fails, made readable.
#pragma once

#include <string_view>

#include "base/result.h"

namespace lathe::engine::openvino {

// OpenVINO's messages are many lines of source files, internal checks and advice. Kept are the
// operators that it does not know, the node that it speaks of, and the last, innermost reason;
// the code is kUnsupported where an operator is the reason. One line, of limited length.
Error readable_error(std::string_view message);

}  // namespace lathe::engine::openvino

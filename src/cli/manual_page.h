// The manual page lathe.1.
#pragma once

#include <string>

#include "cli/describe.h"

namespace lathe::cli {

// For man, in roff.
std::string manual_page(const ProgramText& program);

}  // namespace lathe::cli

#include "base/result.h"

#include <cstdio>

namespace lathe {

void fatal(std::string_view message) {
  std::fprintf(stderr, "lathe: fatal: %.*s\n", static_cast<int>(message.size()), message.data());
  std::abort();
}

}  // namespace lathe

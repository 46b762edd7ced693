#include <cstddef>
#include <cstdint>
#include <span>

#include "base/dynamic_library.h"

// The check that a file has to pass before the dynamic loader sees it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(lathe::check_shared_library(std::as_bytes(std::span(data, size))));
  return 0;
}

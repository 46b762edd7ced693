#include <cstddef>
#include <cstdint>
#include <span>

#include "data/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tensor = lathe::data::parse_idx(std::as_bytes(std::span(data, size)));
  if (tensor.ok()) LATHE_CHECK(tensor->num_bytes() <= 1032 * size);
  return 0;
}

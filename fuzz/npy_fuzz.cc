#include <cstddef>
#include <cstdint>
#include <span>

#include "data/npy.h"

// Both forms from the same bytes: an archive does not begin like an array. What can be read must
// survive being written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto tensor = lathe::data::parse_npy(bytes);
  if (tensor.ok()) {
    const auto text = lathe::data::format_npy(*tensor);
    if (text.ok()) {
      const auto again = lathe::data::parse_npy(std::as_bytes(std::span(*text)));
      LATHE_CHECK(again.ok() && again->identical(*tensor));
    }
  }
  static_cast<void>(lathe::data::parse_npz(bytes));
  return 0;
}

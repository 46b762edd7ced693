#include "formats/lathe/checksum.h"

// No library is linked for one function.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lathe::formats {

std::uint64_t checksum(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace lathe::formats

#include "kernels/cache_size.h"

#include <unistd.h>

namespace lathe::kernels {

std::int64_t level2_cache_bytes() {
  constexpr std::int64_t kUnknown = 512 * 1024;
#if defined(_SC_LEVEL2_CACHE_SIZE)
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? bytes : kUnknown;
#else
  return kUnknown;
#endif
}

}  // namespace lathe::kernels

// How much fast memory a kernel may count on. Used for loop order only, never for results.
#pragma once

#include <cstdint>

namespace lathe::kernels {

// Bytes of level 2 cache of one core; 512 KiB where the system does not tell.
std::int64_t level2_cache_bytes();

}  // namespace lathe::kernels

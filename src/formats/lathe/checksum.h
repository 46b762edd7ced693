// The checksum of compiled models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lathe::formats {

// XXH3 with 64 bits (https://github.com/Cyan4973/xxHash): against damage, not against forgery.
std::uint64_t checksum(std::span<const std::byte> bytes);

}  // namespace lathe::formats

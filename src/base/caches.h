// The caches between a core and memory.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace lathe {

enum class CacheKind { kData, kInstruction, kUnified };
std::string_view cache_kind_name(CacheKind kind);  // "data", "instruction", "unified"

struct Cache {
  int level = 0;  // 1 is nearest to the core
  CacheKind kind = CacheKind::kUnified;
  std::int64_t bytes = 0;
  int shared_by = 0;  // logical processors; 0 where it cannot be told
};

// Caches of one processor as the kernel lists them below `root`, the nearest first. Caches without
// a level or a size are left out; none where the kernel tells nothing.
std::vector<Cache> read_caches(const Path& root, int cpu);

// Those of the first processor that this process may use. Where the kernel tells nothing: what the
// C library knows. Read once; thread-safe.
std::span<const Cache> caches();
// Bytes of level 2 cache of one core; 512 KiB where that cannot be told.
std::int64_t level2_cache_bytes();
// Bytes of the outermost cache; 0 where that cannot be told.
std::int64_t last_level_cache_bytes();

}  // namespace lathe

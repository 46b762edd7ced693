// Where in one arena each temporary buffer lies.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace lathe::engine {

// Alignment of every buffer in the arena: a cache line.
inline constexpr std::size_t kArenaAlignment = 64;

// A buffer that holds something from step `first` to step `last`, both included.
struct BufferLifetime {
  std::size_t bytes = 0;
  int first = 0;
  int last = 0;
};

// The most that is in use at one step: no placement takes less.
std::size_t most_in_use(std::span<const BufferLifetime> buffers);

struct MemoryPlan {
  std::vector<std::size_t> offsets;  // one per buffer, in order
  std::size_t arena_bytes = 0;
};

// Places buffers so that those alive at the same step do not overlap: largest first, each at the
// lowest offset that fits (greedy by size, Pisarchyk and Lee 2020, "Efficient Memory Management for
// Deep Neural Net Inference"). Where that takes more than is in use at any step, some more orders
// are tried, and what lies beyond is placed first. Deterministic.
MemoryPlan plan_memory(std::span<const BufferLifetime> buffers);

}  // namespace lathe::engine

#include "engine/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace lathe::engine {

MemoryPlan plan_memory(std::span<const BufferLifetime> buffers) {
  const auto rounded = [&](std::size_t i) {
    return (buffers[i].bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  };
  std::vector<std::size_t> by_size(buffers.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) {
    return buffers[a].bytes > buffers[b].bytes;
  });

  MemoryPlan plan;
  plan.offsets.resize(buffers.size());
  std::vector<std::size_t> placed;  // in order of offset
  for (const std::size_t i : by_size) {
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      const bool apart =
          buffers[other].last < buffers[i].first || buffers[i].last < buffers[other].first;
      if (apart) continue;
      if (plan.offsets[other] >= offset + rounded(i)) break;
      offset = std::max(offset, plan.offsets[other] + rounded(other));
    }
    plan.offsets[i] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + rounded(i));
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                   [&](std::size_t a, std::size_t b) {
                                     return plan.offsets[a] < plan.offsets[b];
                                   }),
                  i);
  }
  return plan;
}

}  // namespace lathe::engine

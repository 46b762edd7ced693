#include "engine/memory_plan.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

namespace lathe::engine {
namespace {

using Order = std::vector<std::size_t>;

// Repairs are tried as long as that takes no more than so many looks at pairs of buffers, for
// each kind of order: some tenths of a millisecond.
constexpr std::size_t kMostLooks = 100'000;

// As they lie in the arena, where each begins at a multiple of the alignment.
std::vector<BufferLifetime> aligned(std::span<const BufferLifetime> buffers) {
  std::vector<BufferLifetime> all(buffers.begin(), buffers.end());
  for (BufferLifetime& buffer : all)
    buffer.bytes = (buffer.bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  return all;
}

// Each at the lowest offset that fits beside those before it in the order.
MemoryPlan place(std::span<const BufferLifetime> buffers, const Order& order) {
  MemoryPlan plan;
  plan.offsets.resize(buffers.size());
  Order placed;  // in order of offset
  for (const std::size_t i : order) {
    const std::size_t size = buffers[i].bytes;
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      const bool apart =
          buffers[other].last < buffers[i].first || buffers[i].last < buffers[other].first;
      if (apart) continue;
      if (plan.offsets[other] >= offset + size) break;
      offset = std::max(offset, plan.offsets[other] + buffers[other].bytes);
    }
    plan.offsets[i] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                   [&](std::size_t a, std::size_t b) {
                                     return plan.offsets[a] < plan.offsets[b];
                                   }),
                  i);
  }
  return plan;
}

}  // namespace

std::size_t most_in_use(std::span<const BufferLifetime> buffers) {
  std::map<int, std::pair<std::size_t, std::size_t>> changes;  // what begins, what has ended
  for (const BufferLifetime& buffer : buffers) {
    changes[buffer.first].first += buffer.bytes;
    changes[buffer.last + 1].second += buffer.bytes;
  }
  std::size_t used = 0;
  std::size_t most = 0;
  for (const auto& [step, change] : changes) {
    used += change.first - change.second;
    most = std::max(most, used);
  }
  return most;
}

MemoryPlan plan_memory(std::span<const BufferLifetime> given) {
  const std::vector<BufferLifetime> buffers = aligned(given);
  MemoryPlan best;
  const std::size_t least = most_in_use(buffers);
  const auto steps = [&](std::size_t i) {
    return static_cast<std::size_t>(buffers[i].last - buffers[i].first + 1);
  };
  const std::function<std::size_t(std::size_t)> weights[] = {
      [&](std::size_t i) { return given[i].bytes; },
      [&](std::size_t i) { return given[i].bytes * steps(i); },
      [&](std::size_t i) { return steps(i); },
  };
  for (const auto& weight : weights) {
    Order order(buffers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return weight(a) > weight(b); });
    std::size_t attempts =
        1 + kMostLooks / std::max<std::size_t>(1, buffers.size() * buffers.size());
    for (; attempts > 0; --attempts) {
      MemoryPlan plan = place(buffers, order);
      // What stands out at the end is placed first the next time.
      std::stable_partition(order.begin(), order.end(), [&](std::size_t i) {
        return plan.offsets[i] + buffers[i].bytes > least;
      });
      if (best.offsets.empty() || plan.arena_bytes < best.arena_bytes) best = std::move(plan);
      if (best.arena_bytes <= least) return best;
    }
  }
  return best;
}

}  // namespace lathe::engine

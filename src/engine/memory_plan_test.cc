#include "engine/memory_plan.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace lathe::engine {
namespace {

TEST(MemoryPlan, ReusesWhatIsFree) {
  const std::vector<BufferLifetime> chain = {{640, 0, 1}, {640, 1, 2}, {640, 2, 3}, {640, 3, 4}};
  EXPECT_EQ(plan_memory(chain).arena_bytes, 1280);
  EXPECT_EQ(plan_memory({}).arena_bytes, 0);
}

std::size_t most_in_use(const std::vector<BufferLifetime>& buffers, int steps) {
  std::size_t most = 0;
  for (int step = 0; step < steps; ++step) {
    std::size_t used = 0;
    for (const BufferLifetime& b : buffers)
      if (b.first <= step && step <= b.last) used += b.bytes;
    most = std::max(most, used);
  }
  return most;
}

// A value of each step, which the next ones read, and what the step works with.
TEST(MemoryPlan, TakesHardlyMoreThanIsInUse) {
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    std::vector<BufferLifetime> buffers;
    const int steps = 20 + static_cast<int>(random.below(60));
    for (int step = 0; step < steps; ++step) {
      const std::size_t lines = (1 + random.below(64)) * (random.below(8) == 0 ? 8 : 1);
      const int reach = 1 + static_cast<int>(random.below(random.below(6) == 0 ? 12 : 2));
      buffers.push_back({lines * kArenaAlignment, step, step + reach});
      buffers.push_back({random.below(32) * kArenaAlignment, step, step});
    }
    const double least = static_cast<double>(most_in_use(buffers, steps + 12));
    EXPECT_LE(static_cast<double>(plan_memory(buffers).arena_bytes), 1.05 * least) << round;
  }
}

TEST(MemoryPlan, BuffersAliveTogetherNeverOverlap) {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<BufferLifetime> buffers(60);
    for (BufferLifetime& b : buffers) {
      b.bytes = random.below(5000);
      b.first = static_cast<int>(random.below(40));
      b.last = b.first + static_cast<int>(random.below(10));
    }
    const MemoryPlan plan = plan_memory(buffers);
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(plan.offsets[i] % kArenaAlignment, 0);
      EXPECT_LE(plan.offsets[i] + buffers[i].bytes, plan.arena_bytes);
      for (std::size_t j = 0; j < i; ++j) {
        const bool together =
            buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
        const bool overlap = plan.offsets[i] < plan.offsets[j] + buffers[j].bytes &&
                             plan.offsets[j] < plan.offsets[i] + buffers[i].bytes;
        ASSERT_FALSE(together && overlap && buffers[i].bytes > 0 && buffers[j].bytes > 0);
      }
    }
  }
}

}  // namespace
}  // namespace lathe::engine

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

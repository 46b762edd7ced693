#include "base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <numeric>

namespace lathe {
namespace {

TEST(ThreadPool, CoversEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const int count : {0, 1, 2, 5, 1000}) {
      std::vector<int> hits(static_cast<std::size_t>(count), 0);
      pool.parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++hits[static_cast<std::size_t>(i)];
      });
      for (const int hit : hits) ASSERT_EQ(hit, 1);
    }
  }
}

TEST(ThreadPool, LoopsThatFollowEachOtherDoNotMixUp) {
  ThreadPool pool(4);
  for (int round = 0; round < 20'000; ++round) {
    std::atomic<std::int64_t> sum{0};
    const std::int64_t count = 1 + round % 9;
    pool.parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) sum += i + round;
    });
    ASSERT_EQ(sum, count * (count - 1) / 2 + count * round);
  }
}

TEST(ThreadPool, WorkersThatSleepAreWoken) {
  ThreadPool pool(2);
  // Each range waits for the other one, so that one thread alone would never end.
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> here{0};
    pool.parallel_for(2, [&](std::int64_t, std::int64_t) {
      ++here;
      while (here < 2) std::this_thread::yield();
    });
    EXPECT_EQ(here, 2);
  }
}

TEST(ThreadPool, SeveralCallersTakeTurns) {
  ThreadPool pool(2);
  std::atomic<std::int64_t> total{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        pool.parallel_for(10, [&](std::int64_t begin, std::int64_t end) { total += end - begin; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 4 * 200 * 10);
}

}  // namespace
}  // namespace lathe

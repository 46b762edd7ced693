#include "base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <numeric>

#include "base/cpu.h"

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

TEST(ThreadPool, SeveralCallersComputeAtOnce) {
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

// A loop that one thread alone would never end.
void meet(ThreadPool& pool) {
  std::atomic<int> here{0};
  pool.parallel_for(2, [&](std::int64_t, std::int64_t) {
    ++here;
    while (here < 2) std::this_thread::yield();
  });
}

void wait_until_asleep(const ThreadPool& pool, std::int64_t sleeps) {
  while (pool.sleeps() < sleeps) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(ThreadPool, WorkersAreWokenOnceForTheLoopsOfATurn) {
  if (allowed_cores() < 2) GTEST_SKIP() << "workers have no core to look for work on";
  ThreadPool pool(2);
  for (int turns = 1; turns <= 3; ++turns) {
    wait_until_asleep(pool, turns);
    EXPECT_EQ(pool.wake_ups(), turns - 1);
    const ThreadPool::Turn turn(&pool);
    for (int loop = 0; loop < 5; ++loop) {
      meet(pool);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    EXPECT_EQ(pool.wake_ups(), turns);
    EXPECT_EQ(pool.sleeps(), turns);
  }
}

TEST(ThreadPool, WorkersSleepWhileATurnRests) {
  if (allowed_cores() < 2) GTEST_SKIP() << "workers have no core to look for work on";
  ThreadPool pool(2);
  wait_until_asleep(pool, 1);
  ThreadPool::Turn turn(&pool);
  meet(pool);
  turn.rest();
  wait_until_asleep(pool, 2);
  turn.go_on();
  turn.go_on();
  meet(pool);
  EXPECT_EQ(pool.wake_ups(), 2);
}

TEST(ThreadPool, HasNoMoreTurnsThanThreads) {
  ThreadPool pool(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 8; ++c) {
    callers.emplace_back([&, c] {
      for (int i = 0; i < 100; ++i) {
        const ThreadPool::Turn turn(&pool, c % 2 == 0);
        const int now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        pool.parallel_for(7, [](std::int64_t, std::int64_t) {});
        --inside;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 1);
}

TEST(ThreadPool, CallersThatTakeAllPlacesComputeAlone) {
  ThreadPool pool(2);
  const ThreadPool::Turn first(&pool);
  std::thread other([&] {
    const ThreadPool::Turn second(&pool);
    for (int i = 0; i < 100; ++i) {
      int calls = 0;
      pool.parallel_for(10, [&](std::int64_t begin, std::int64_t end) {
        EXPECT_EQ(begin, 0);
        EXPECT_EQ(end, 10);
        ++calls;
      });
      EXPECT_EQ(calls, 1);
    }
  });
  other.join();
  meet(pool);
}

TEST(ThreadPool, ATurnThatIsStoppedLeavesTheLine) {
  ThreadPool pool(1);
  auto first = std::make_unique<ThreadPool::Turn>(&pool);
  std::atomic<bool> stop = false;
  std::thread second([&] { const ThreadPool::Turn turn(&pool, true, &stop); });
  std::atomic<bool> entered = false;
  std::thread third([&] {
    const ThreadPool::Turn turn(&pool);
    entered = true;
  });
  stop = true;
  second.join();
  EXPECT_FALSE(entered);
  first.reset();
  third.join();
  EXPECT_TRUE(entered);
}

TEST(ThreadPool, ACallerDoesNotWaitForTheLoopOfAnother) {
  ThreadPool pool(2);
  std::atomic<int> inside{0};
  std::atomic<bool> done = false;
  std::thread other([&] {
    pool.parallel_for(2, [&](std::int64_t, std::int64_t) {
      ++inside;
      while (!done) std::this_thread::yield();
    });
  });
  while (inside == 0) std::this_thread::yield();
  std::int64_t sum = 0;
  pool.parallel_for(10, [&](std::int64_t begin, std::int64_t end) { sum += end - begin; });
  EXPECT_EQ(sum, 10);
  done = true;
  other.join();
}

TEST(ThreadPool, ATurnOfNoPoolDoesNothing) {
  ThreadPool::Turn turn(nullptr);
  turn.rest();
  turn.go_on();
}

}  // namespace
}  // namespace lathe

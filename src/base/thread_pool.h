// A fixed set of worker threads for data-parallel loops.
//
//   ThreadPool pool(4);
//   pool.parallel_for(rows, [&](std::int64_t begin, std::int64_t end) { ... });
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "base/function_ref.h"

namespace lathe {

class ThreadPool {
 public:
  // `threads` counts the calling thread too: 1 starts no worker. 0 means allowed_cores().
  explicit ThreadPool(int threads = 0);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  [[nodiscard]] int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Splits [0, count) into threads() contiguous ranges, as even as can be, calls body(begin, end)
  // on each that is not empty, and returns when all are done. The split depends on count and
  // threads() alone; who takes which range does not: the caller takes those that no worker has come
  // for, so that a worker that is late costs no time. The body must not throw and must not call the
  // pool again. Callers on several threads take turns.
  void parallel_for(std::int64_t count, FunctionRef<void(std::int64_t, std::int64_t)> body);

 private:
  // One loop and how far it is: its number, the number of its ranges, and the next one to be taken.
  // In one word, so that a worker that comes late cannot take a range of another loop.
  using Progress = std::uint64_t;

  void work();
  bool take_range();
  [[nodiscard]] bool has_ranges() const;

  bool patient_ = true;  // there is a core for each thread, so that looking takes it from nobody
  std::mutex callers_;
  // Of the loop in progress_; valid while one of its ranges is taken and not done.
  const FunctionRef<void(std::int64_t, std::int64_t)>* body_ = nullptr;
  std::int64_t count_ = 0;
  std::atomic<Progress> progress_ = 0;
  std::atomic<int> unfinished_ = 0;  // ranges
  // Who sleeps says so before it looks a last time; who wakes looks for sleepers after it has
  // changed what they wait for.
  std::atomic<int> sleeping_ = 0;  // workers
  std::atomic<bool> caller_sleeps_ = false;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // of the two conditions
  std::condition_variable start_;
  std::condition_variable done_;
  std::vector<std::thread> workers_;
};

}  // namespace lathe

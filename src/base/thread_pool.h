// A fixed set of worker threads for data-parallel loops.
//
// Loops follow each other closely where a network runs layer by layer, so that workers, and callers
// at the end of a loop, look for a while whether there is something to do before they sleep.
//
//   ThreadPool pool(4);
//   pool.parallel_for(rows, [&](std::int64_t begin, std::int64_t end) { ... });
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

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
  // threads() alone. The body must not throw and must not call the pool again. Callers on several
  // threads take turns.
  void parallel_for(std::int64_t count,
                    const std::function<void(std::int64_t, std::int64_t)>& body);

 private:
  void work(int index);
  void run_share(int index);

  bool patient_ = true;  // there is a core for each thread, so that looking takes it from nobody
  std::mutex callers_;
  const std::function<void(std::int64_t, std::int64_t)>* body_ = nullptr;
  std::int64_t count_ = 0;
  // Of loops begun; it changes after body_ and count_ are set.
  std::atomic<std::uint64_t> generation_ = 0;
  std::atomic<int> running_ = 0;  // workers that have not done their share
  std::atomic<bool> stopping_ = false;
  // For those that sleep.
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  int sleeping_ = 0;            // workers; under mutex_
  bool caller_sleeps_ = false;  // under mutex_
  std::vector<std::thread> workers_;
};

}  // namespace lathe

// A fixed set of worker threads for data-parallel loops.
//
//   ThreadPool pool(4);
//   pool.parallel_for(rows, [&](std::int64_t begin, std::int64_t end) { ... });
#pragma once

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

  std::mutex callers_;
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  const std::function<void(std::int64_t, std::int64_t)>* body_ = nullptr;
  std::int64_t count_ = 0;
  std::uint64_t generation_ = 0;
  int running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace lathe

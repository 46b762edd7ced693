#include "base/thread_pool.h"

#include "base/cpu.h"

namespace lathe {

ThreadPool::ThreadPool(int threads) {
  const int total = threads > 0 ? threads : allowed_cores();
  for (int i = 1; i < total; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::parallel_for(std::int64_t count,
                              const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (count <= 0) return;
  if (workers_.empty() || count == 1) {
    body(0, count);
    return;
  }
  const std::lock_guard turn(callers_);
  {
    const std::lock_guard lock(mutex_);
    body_ = &body;
    count_ = count;
    running_ = static_cast<int>(workers_.size());
    ++generation_;
  }
  start_.notify_all();
  body(0, count / threads());
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return running_ == 0; });
}

void ThreadPool::work(int index) {
  std::uint64_t seen = 0;
  for (;;) {
    std::unique_lock lock(mutex_);
    start_.wait(lock, [&] { return stopping_ || generation_ != seen; });
    if (stopping_) return;
    seen = generation_;
    const auto* body = body_;
    const std::int64_t begin = count_ * index / threads();
    const std::int64_t end = count_ * (index + 1) / threads();
    lock.unlock();
    if (begin < end) (*body)(begin, end);
    lock.lock();
    if (--running_ == 0) done_.notify_one();
  }
}

}  // namespace lathe

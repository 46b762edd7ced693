#include "base/thread_pool.h"

#include <chrono>

#include "base/cpu.h"

namespace lathe {
namespace {

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Longer than the gap between two layers, and about what it costs to be woken from sleep; beyond
// that the core is better left to others.
constexpr std::chrono::microseconds kPatience{40};
constexpr int kLooksPerClock = 32;

// Whether `ready` comes true within the patience.
template <typename Ready>
bool look_for(const Ready& ready, bool patient) {
  if (!patient) return ready();
  const auto until = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int i = 0; i < kLooksPerClock; ++i) {
      if (ready()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  const int cores = allowed_cores();
  const int total = threads > 0 ? threads : cores;
  patient_ = total <= cores;
  for (int i = 1; i < total; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ++generation_;
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
  body_ = &body;
  count_ = count;
  running_ = static_cast<int>(workers_.size());
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
    wake = sleeping_ > 0;
  }
  if (wake) start_.notify_all();
  run_share(0);
  const auto all_done = [this] { return running_ == 0; };
  if (look_for(all_done, patient_)) return;
  std::unique_lock lock(mutex_);
  caller_sleeps_ = true;
  done_.wait(lock, all_done);
  caller_sleeps_ = false;
}

void ThreadPool::run_share(int index) {
  const std::int64_t begin = count_ * index / threads();
  const std::int64_t end = count_ * (index + 1) / threads();
  if (begin < end) (*body_)(begin, end);
}

void ThreadPool::work(int index) {
  std::uint64_t seen = 0;
  const auto begun = [&] { return generation_ != seen; };
  for (;;) {
    if (!look_for(begun, patient_)) {
      std::unique_lock lock(mutex_);
      ++sleeping_;
      start_.wait(lock, begun);
      --sleeping_;
    }
    if (stopping_) return;
    seen = generation_;
    run_share(index);
    if (--running_ == 0) {
      const std::lock_guard lock(mutex_);
      if (caller_sleeps_) done_.notify_one();
    }
  }
}

}  // namespace lathe

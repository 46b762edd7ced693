#include "base/thread_pool.h"

#include <algorithm>
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

// Where a network runs layer by layer, loops follow each other closely, so that workers, and
// callers at the end of a loop, look for a while whether there is something to do before they
// sleep. Longer than the gap between two layers, and about what it costs to be woken from sleep;
// beyond that the core is better left to others.
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

// Progress: the number of the loop, 16 bits for its ranges, 16 for the next of them.
constexpr std::uint64_t kField = 0xffff;
constexpr int kRangesShift = 16;
constexpr int kLoopShift = 32;

std::int64_t next_range(std::uint64_t progress) {
  return static_cast<std::int64_t>(progress & kField);
}
std::int64_t range_count(std::uint64_t progress) {
  return static_cast<std::int64_t>((progress >> kRangesShift) & kField);
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  const int cores = allowed_cores();
  const int total = std::min(threads > 0 ? threads : cores, static_cast<int>(kField));
  patient_ = total <= cores;
  for (int i = 1; i < total; ++i) workers_.emplace_back([this] { work(); });
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
                              FunctionRef<void(std::int64_t, std::int64_t)> body) {
  if (count <= 0) return;
  if (workers_.empty() || count == 1) {
    body(0, count);
    return;
  }
  const std::lock_guard turn(callers_);
  const std::int64_t ranges = std::min<std::int64_t>(count, threads());
  body_ = &body;
  count_ = count;
  unfinished_ = static_cast<int>(ranges);
  const Progress loop = (progress_ >> kLoopShift) + 1;
  progress_ = loop << kLoopShift | static_cast<Progress>(ranges) << kRangesShift;
  if (sleeping_ > 0) {
    { const std::lock_guard lock(mutex_); }
    start_.notify_all();
  }
  while (take_range()) {
  }
  const auto all_done = [this] { return unfinished_ == 0; };
  if (look_for(all_done, patient_)) return;
  caller_sleeps_ = true;
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, all_done);
  }
  caller_sleeps_ = false;
}

bool ThreadPool::has_ranges() const {
  const Progress progress = progress_;
  return next_range(progress) < range_count(progress);
}

// Takes the next range of the loop in progress, if there is one, and runs it.
bool ThreadPool::take_range() {
  Progress progress = progress_;
  do {
    if (next_range(progress) >= range_count(progress)) return false;
  } while (!progress_.compare_exchange_weak(progress, progress + 1));
  const std::int64_t range = next_range(progress);
  const std::int64_t ranges = range_count(progress);
  (*body_)(count_ * range / ranges, count_ * (range + 1) / ranges);
  if (--unfinished_ == 0 && caller_sleeps_) {
    { const std::lock_guard lock(mutex_); }
    done_.notify_one();
  }
  return true;
}

void ThreadPool::work() {
  const auto called = [this] { return has_ranges() || stopping_; };
  while (!stopping_) {
    if (take_range()) continue;
    if (look_for(called, patient_)) continue;
    ++sleeping_;
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, called);
    }
    --sleeping_;
  }
}

}  // namespace lathe

#include "base/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <system_error>

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

// Loops often follow each other closely, so that workers, and callers at the end of a loop, look
// for a while whether there is something to do before they sleep. About what it costs to be woken
// from sleep; beyond that the core is better left to others.
constexpr std::chrono::microseconds kPatience{40};
constexpr int kLooksPerClock = 32;
// How often a turn that waits for its place looks whether it is stopped.
constexpr std::chrono::milliseconds kStopInterval{5};

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
  if (threads == 1) return;  // the caller's own
  const int cores = allowed_cores();
  const int wanted = std::min(threads > 0 ? threads : cores, static_cast<int>(kField));
  const std::lock_guard lock(mutex_);  // workers begin when it is known how many there are
  try {
    workers_.reserve(static_cast<std::size_t>(wanted - 1));
    while (threads_ < wanted) {
      workers_.emplace_back([this] { work(); });
      ++threads_;
    }
  } catch (const std::system_error&) {  // the system's limit of threads
  }
  awake_ = threads_ - 1;
  patient_ = threads_ <= cores;
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

int ThreadPool::helpers() const { return threads_ - std::max(1, turns_.load()); }

// Whether `ready` comes true while there is reason to look: a turn goes on, or did so just now.
template <typename Ready>
bool ThreadPool::look_for(const Ready& ready) const {
  if (!patient_) return ready();
  const auto start = std::chrono::steady_clock::now();
  auto last_reason = start;
  for (;;) {
    for (int i = 0; i < kLooksPerClock; ++i) {
      if (ready()) return true;
      pause();
    }
    const auto now = std::chrono::steady_clock::now();
    if (watched_ > 0) {
      last_reason = now;
    } else if (now - last_reason >= kPatience) {
      return false;
    }
    // Whoever else wants the core can have it.
    if (now - start >= kPatience) std::this_thread::yield();
  }
}

void ThreadPool::leave_line(Waiter& waiter) {
  Waiter** place = &first_waiter_;
  while (*place != &waiter) place = &(*place)->next;
  *place = waiter.next;
  // There may be a place for the next one.
  if (first_waiter_ != nullptr) places_.notify_all();
}

// False where it is stopped before there is one.
bool ThreadPool::take_place(const std::atomic<bool>* stop) {
  std::unique_lock lock(mutex_);
  Waiter self;
  Waiter** end = &first_waiter_;
  while (*end != nullptr) end = &(*end)->next;
  *end = &self;
  const auto is_next = [&] { return first_waiter_ == &self && turns_ < threads_; };
  const auto is_stopped = [&] { return stop != nullptr && stop->load(std::memory_order_relaxed); };
  if (stop == nullptr) {
    places_.wait(lock, is_next);
  } else {
    // Nobody wakes those who wait when the flag is set.
    while (!is_next() && !is_stopped()) places_.wait_for(lock, kStopInterval);
  }
  const bool taken = is_next();
  if (taken) ++turns_;
  leave_line(self);
  return taken;
}

ThreadPool::Turn::Turn(ThreadPool* pool, bool loops, const std::atomic<bool>* stop)
    : pool_(pool != nullptr && pool->take_place(stop) ? pool : nullptr), loops_(loops) {
  go_on();
}

ThreadPool::Turn::~Turn() {
  if (pool_ == nullptr) return;
  rest();
  const std::lock_guard lock(pool_->mutex_);
  --pool_->turns_;
  if (pool_->first_waiter_ != nullptr) pool_->places_.notify_all();
}

void ThreadPool::Turn::rest() {
  if (!watched_) return;
  watched_ = false;
  const std::lock_guard lock(pool_->mutex_);
  --pool_->watched_;
}

void ThreadPool::Turn::go_on() {
  if (watched_ || !loops_ || pool_ == nullptr || pool_->threads_ == 1) return;
  watched_ = true;
  const std::lock_guard lock(pool_->mutex_);
  ++pool_->watched_;
  pool_->wake(pool_->helpers());
}

void ThreadPool::wake(int workers) {
  const int missing = workers - awake_ - called_;
  if (missing <= 0) return;
  called_ += missing;
  ++wake_ups_;
  start_.notify_all();
}

void ThreadPool::parallel_for(std::int64_t count,
                              FunctionRef<void(std::int64_t, std::int64_t)> body) {
  if (count <= 0) return;
  std::unique_lock loop(loop_, std::defer_lock);
  if (count == 1 || helpers() <= 0 || !loop.try_lock()) {
    body(0, count);
    return;
  }
  const std::int64_t ranges = std::min<std::int64_t>(count, threads_);
  body_ = &body;
  count_ = count;
  unfinished_ = static_cast<int>(ranges);
  const Progress number = (progress_ >> kLoopShift) + 1;
  progress_ = number << kLoopShift | static_cast<Progress>(ranges) << kRangesShift;
  const int wanted = std::min(helpers(), static_cast<int>(ranges) - 1);
  if (awake_ < wanted) {
    const std::lock_guard lock(mutex_);
    wake(wanted);
  }
  while (take_range()) {
  }
  const auto all_done = [this] { return unfinished_ == 0; };
  if (look_for(all_done)) return;
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
  const auto needless = [this] { return stopping_ || awake_ > helpers(); };
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    while (look_for([&] { return needless() || has_ranges(); }) && !needless()) take_range();
    lock.lock();
    if (!stopping_) sleep(lock);
  }
}

void ThreadPool::sleep(std::unique_lock<std::mutex>& lock) {
  --awake_;
  const bool needed = has_ranges() || (patient_ && watched_ > 0);
  if (!needed || awake_ >= helpers()) {
    ++sleeps_;
    start_.wait(lock, [this] { return stopping_ || called_ > 0; });
    if (called_ > 0) --called_;
  }
  ++awake_;
}

}  // namespace lathe

// A fixed set of threads for data-parallel loops, for one caller or shared by many.
//
//   ThreadPool pool(4);
//   const ThreadPool::Turn turn(&pool);
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

// Safe to use from several threads.
class ThreadPool {
 public:
  // `threads` counts the calling thread too: 1 starts no worker. 0 means allowed_cores(). Where the
  // system refuses to start so many, there are fewer.
  explicit ThreadPool(int threads = 0);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  [[nodiscard]] int threads() const { return threads_; }

  // Loops that belong together, as those of one inference do. While it lasts, and where there is a
  // core for each thread, workers look for the next loop rather than sleep: they are woken once,
  // when it begins.
  //
  // A pool computes with no more than threads() at a time, whoever calls: each turn takes the place
  // of a worker, which then rests; and where threads() turns are taken, the next one waits for the
  // end of one, in the order of arrival. So many callers compute alone each, which is more in all
  // than if one after the other computed with everybody's help.
  class Turn {
   public:
    // Without a pool it does nothing. Without `loops` it takes a place, and needs no workers. Where
    // `stop` is set before there is a place, it takes none.
    explicit Turn(ThreadPool* pool, bool loops = true, const std::atomic<bool>* stop = nullptr);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    // Until the turn goes on, the caller computes something long alone: workers may sleep.
    void rest();
    void go_on();

   private:
    ThreadPool* pool_;
    bool loops_;
    bool watched_ = false;
  };

  // Splits [0, count) into threads() contiguous ranges, as even as can be, calls body(begin, end)
  // on each that is not empty, and returns when all are done. The split depends on count and
  // threads() alone; who takes which range does not: the caller takes those that no worker has come
  // for, so that a worker that is late costs no time. A caller that finds the workers busy with
  // another one's loop does its own alone, in one call. The body must not throw and must not call
  // the pool again.
  void parallel_for(std::int64_t count, FunctionRef<void(std::int64_t, std::int64_t)> body);

  // How often workers have gone to sleep, and how often callers had to wake any.
  [[nodiscard]] std::int64_t sleeps() const { return sleeps_; }
  [[nodiscard]] std::int64_t wake_ups() const { return wake_ups_; }

 private:
  // A turn that waits for a place; those that do are a list, in the order of arrival.
  struct Waiter {
    Waiter* next = nullptr;
  };
  bool take_place(const std::atomic<bool>* stop);
  void leave_line(Waiter& waiter);

  // One loop and how far it is: its number, the number of its ranges, and the next one to be taken.
  // In one word, so that a worker that comes late cannot take a range of another loop.
  using Progress = std::uint64_t;

  void work();
  bool take_range();
  [[nodiscard]] bool has_ranges() const;
  // Workers for whom turns leave room.
  [[nodiscard]] int helpers() const;
  void sleep(std::unique_lock<std::mutex>& lock);
  void wake(int workers);  // so that so many are awake; under the mutex
  template <typename Ready>
  bool look_for(const Ready& ready) const;

  int threads_ = 1;
  bool patient_ = true;  // there is a core for each thread, so that looking takes it from nobody
  std::mutex loop_;      // held by the caller whose loop the workers have
  // Of the loop in progress_; valid while one of its ranges is taken and not done.
  const FunctionRef<void(std::int64_t, std::int64_t)>* body_ = nullptr;
  std::int64_t count_ = 0;
  std::atomic<Progress> progress_ = 0;
  std::atomic<int> unfinished_ = 0;  // ranges
  // Who goes to sleep says so before it looks a last time; who wakes looks for sleepers after it
  // has changed what they wait for.
  std::atomic<int> awake_ = 0;  // workers
  std::atomic<bool> caller_sleeps_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> turns_ = 0;
  std::atomic<int> watched_ = 0;  // turns whose loops follow each other now
  std::atomic<std::int64_t> sleeps_ = 0;
  std::atomic<std::int64_t> wake_ups_ = 0;
  // Of the conditions, and of what changes turns_, watched_, awake_ and the rest below.
  std::mutex mutex_;
  int called_ = 0;  // workers that are asleep and shall not be
  Waiter* first_waiter_ = nullptr;
  std::condition_variable start_;
  std::condition_variable done_;
  std::condition_variable places_;
  std::vector<std::thread> workers_;
};

}  // namespace lathe

// Threads that any number of executables compute with.
//
//   const lathe::WorkerPool pool(4);
//   auto first = model.compile({.pool = pool}).value();
//   auto second = other.compile({.pool = pool}).value();
#pragma once

#include <memory>

#include "lathe/export.h"

namespace lathe {

// Copies share the threads, which end with the last copy and the last executable or context that
// computes with them. Thread-safe.
//
// The pool computes with no more than threads() at a time, whoever calls: a run on its own has the
// help of all workers; runs at the same time each take the place of one and share those that are
// left; and where threads() runs are going on, the next one waits for the end of one, in the order
// of arrival, or for its cancellation. Beside that, callers pack weights, and compute what is no
// part of a plan because its shapes depend on values, each in its own thread.
class LATHE_API WorkerPool {
 public:
  // The calling thread counts: 1 starts no worker. 0: the cores that the process may use. Where the
  // system refuses to start so many, there are fewer.
  explicit WorkerPool(int threads = 0);

  [[nodiscard]] int threads() const;

 private:
  struct Impl;
  friend struct Access;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lathe

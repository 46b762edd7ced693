// Ending inferences before they are done.
//
//   const lathe::Cancellation enough;
//   std::thread watch([enough] { wait_for_user(); enough.cancel(); });
//   auto outputs = context.run(inputs, {.cancellation = enough});  // perhaps kCancelled
#pragma once

#include <memory>

#include "lathe/export.h"

namespace lathe {

// Copies share one state, from which there is no way back. Any number of runs may be given the same
// one. Thread-safe.
class LATHE_API Cancellation {
 public:
  Cancellation();

  // Runs that were given it end with Failure::Kind::kCancelled: those that have not begun at once,
  // those that have before their next step, where the backend is "native". Never blocks, and is
  // safe in a signal handler.
  void cancel() const noexcept;
  [[nodiscard]] bool cancelled() const noexcept;

 private:
  struct Impl;
  friend struct Access;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lathe

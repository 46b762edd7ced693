// Ctrl-C during long work: the first one asks the work to stop where nothing is lost, a second one
// ends the program at once.
//
//   const CatchInterrupts catching;
//   options.stop_requested = interrupted;
//   ...
//   if (interrupted()) return interruption("kept: {}", ...);   // the program ends with 130
#pragma once

#include <array>
#include <csignal>

#include "base/result.h"

namespace lathe::cli {

// While one lives SIGINT and SIGTERM only set a flag, the first time; afterwards all is as it was
// before. A signal that is ignored stays ignored: a shell's script does that to what it starts in
// the background. One at a time.
class CatchInterrupts {
 public:
  CatchInterrupts();
  ~CatchInterrupts();
  CatchInterrupts(const CatchInterrupts&) = delete;
  CatchInterrupts& operator=(const CatchInterrupts&) = delete;

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM};
  std::array<struct sigaction, kSignals.size()> before_{};
};

// Whether a signal came since the last CatchInterrupts was made.
bool interrupted();

// "interrupted: " and what became of the work.
template <typename... Args>
Error interruption(fmt::format_string<Args...> format, Args&&... args) {
  return error(ErrorCode::kInterrupted, format, std::forward<Args>(args)...)
      .with_context("interrupted");
}

}  // namespace lathe::cli

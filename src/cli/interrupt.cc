#include "cli/interrupt.h"

namespace lathe::cli {
namespace {

volatile std::sig_atomic_t caught = 0;

void set_caught(int) { caught = 1; }

}  // namespace

CatchInterrupts::CatchInterrupts() {
  caught = 0;
  struct sigaction once {};
  once.sa_handler = set_caught;
  once.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &once, nullptr);
  }
}

CatchInterrupts::~CatchInterrupts() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}

bool interrupted() { return caught != 0; }

}  // namespace lathe::cli

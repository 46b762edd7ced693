#include "cli/interrupt.h"

#include <csignal>

namespace lathe::cli {
namespace {

volatile std::sig_atomic_t caught = 0;

constexpr int kSignals[] = {SIGINT, SIGTERM};

void catch_once(int signal) {
  caught = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

CatchInterrupts::CatchInterrupts() {
  caught = 0;
  for (const int signal : kSignals) std::signal(signal, catch_once);
}

CatchInterrupts::~CatchInterrupts() {
  for (const int signal : kSignals) std::signal(signal, SIG_DFL);
}

bool interrupted() { return caught != 0; }

}  // namespace lathe::cli

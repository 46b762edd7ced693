// For builds with AddressSanitizer.
#include <atomic>

#include "train/leak_check.h"

namespace {
std::atomic<bool> turned_off = false;
}

// The sanitizer asks this when the program ends.
extern "C" int __lsan_is_turned_off() { return turned_off ? 1 : 0; }  // NOLINT(*-reserved-*)

void lathe::train::turn_off_leak_check() { turned_off = true; }

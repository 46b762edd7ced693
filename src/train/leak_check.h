// AddressSanitizer looks for leaks when a program ends. It crashes at that in a program that has
// LibTorch loaded (seen with GCC 12's and Debian's LibTorch 1.13: its tracer faults on the thread
// storage of the libraries that come along), so the check is off in such programs, and in them
// alone.
#pragma once

namespace lathe::train {

// Called before the module is loaded. Does something in builds with AddressSanitizer only.
void turn_off_leak_check();

}  // namespace lathe::train

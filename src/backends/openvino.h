// Intel's OpenVINO as a backend, by a library that is loaded while the program runs.
#pragma once

#include "engine/backend.h"

namespace lathe::engine {

// Named "openvino", on the processor alone. The library is looked for under LATHE_OPENVINO and
// where find_library() looks; version 2026.0 or newer. What it would choose by itself is set to
// what was asked for and read back: number of threads and streams, and the precision, float32
// unless asked otherwise. It uses no more threads and streams than there are allowed cores, which
// notes() tells.
//
// Inside, it computes 64-bit integers in 32 bits and float64 in float32; inputs that do not fit 32
// bits are refused. Memory cannot be limited.
const Backend& openvino_backend();

}  // namespace lathe::engine

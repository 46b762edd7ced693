// Microsoft's ONNX Runtime as a backend, by a library that is loaded while the program runs.
#pragma once

#include "engine/backend.h"

namespace lathe::engine {

// Named "onnxruntime". The library is looked for under LATHE_ONNXRUNTIME and where find_library()
// looks; version 1.16 or newer. It computes in float32 on the processor unless execution providers
// are asked for: then each one that cannot be had is passed over with a note, and it is an error
// where none of them can. Memory cannot be limited.
const Backend& onnxruntime_backend();

}  // namespace lathe::engine

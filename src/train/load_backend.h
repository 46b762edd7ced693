// Finds and loads the module that holds LibTorch.
#pragma once

#include "base/result.h"
#include "train/backend.h"

namespace lathe::train {

// The file that the environment variable LATHE_TRAIN_MODULE names, or else lathe-train.so in
// ../lib/lathe beside the folder of the running program, in the lib/lathe of the build or of the
// installation. Loaded once, never unloaded. kUnavailable where there is none or it does not load,
// with the reason and the way to get it; a failure is not remembered. Thread-safe, except that the
// first call sets GOMP_SPINCOUNT in the environment where it is not set.
Result<Backend*> load_backend();

}  // namespace lathe::train

// The reference evaluator as backends: slow, and the truth for every other.
#pragma once

#include "engine/backend.h"

namespace lathe::engine {

// "reference": evaluates the graph as it was read, untouched by any pass, node by node with
// ops::evaluate. What passes and other runtimes are held against.
const Backend& reference_backend();

// "lowered": the same of the graph that the native engine starts from (integer operators formed,
// constants and batch normalization folded). What kernels are held against, integer ones bit for
// bit.
const Backend& lowered_backend();

}  // namespace lathe::engine

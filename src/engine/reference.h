// The reference evaluator as a backend: slow, and the truth for every other.
#pragma once

#include "engine/backend.h"

namespace lathe::engine {

// Evaluates the graph that the native engine starts from (integer operators formed, constants and
// batch normalization folded), node by node with ops::evaluate.
const Backend& reference_backend();

}  // namespace lathe::engine

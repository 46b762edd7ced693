// Lathe's own engine.
#pragma once

#include "engine/backend.h"

namespace lathe::engine {

// Kernels of the best instruction set that the machine has, or that LATHE_ISA names; channels-last
// activations; convolution fused with bias, residual addition and clamping activation; integer
// kernels for quantized graphs; one arena planned in advance. An operator without a kernel runs in
// the reference evaluator.
const Backend& native_backend();

struct Plan;
// The plan that an executable of this backend has for its inputs(); null where these leave extents
// to the runs, and of other backends. It lives as long.
const Plan* plan_of(const Executable& executable);

}  // namespace lathe::engine

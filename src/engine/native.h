// Lathe's own engine.
#pragma once

#include <vector>

#include "engine/backend.h"
#include "engine/stage_plans.h"

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

// What an executable of this backend will do for its inputs(), stage by stage; empty for those of
// others. Takes the time of planning; what it points at lives as long as the executable.
std::vector<StagePlan> stage_plans(const Executable& executable);

}  // namespace lathe::engine

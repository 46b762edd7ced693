// What a plan does slowly: steps of nodes without a kernel, which the reference evaluator computes.
#pragma once

#include <cstdint>
#include <string>

#include "engine/plan.h"

namespace lathe::engine {

// Bytes that a step reads and writes, but for packed weights.
std::int64_t bytes_moved(const Plan& plan, const Step& step);

// Of the plan's work (multiply-accumulates, and elements read and written) the share, 0 to 1, of
// the slow steps.
double slow_share(const Plan& plan);

// "2 nodes (87 % of the work) run in the reference evaluator, which is slow: Conv, no kernel for
// float16 (conv1, conv2)"; empty where there are none.
std::string describe_slow_steps(const Plan& plan);

}  // namespace lathe::engine

// Steps without a kernel: the reference evaluator on a plan's slots.
#pragma once

#include <span>

#include "engine/plan.h"

namespace lathe::engine {

// Evaluates the node. Errors name it.
Status interpret(const InterpretedNode& node, std::span<const void* const> inputs,
                 std::span<void* const> outputs);

}  // namespace lathe::engine

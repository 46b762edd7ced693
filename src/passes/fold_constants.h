// Evaluating what is constant, for the rules that do so.
#pragma once

#include <cstddef>

#include "passes/rule.h"

namespace lathe::passes {

// Replaces a node whose inputs are all constant by its results, where these take no more than a few
// KiB or `growth` times the bytes of the inputs.
RuleResult fold_constants(const ir::Graph& graph, ir::NodeId id, std::size_t growth);

}  // namespace lathe::passes

// From graph nodes to kernels. One function per operator or family, listed in lowerings.inc.
#pragma once

#include "engine/plan_builder.h"
#include "kernels/convolution_shape.h"

namespace lathe::engine {

// Adds the steps that compute the node. False where no kernel fits: the reference evaluator runs
// it.
Result<bool> lower_node(PlanBuilder& builder, ir::NodeId id);

using LowerFn = Result<bool> (*)(PlanBuilder&, const ir::Node&);

#define LATHE_LOWER(domain, op, function) Result<bool> function(PlanBuilder&, const ir::Node&);
#include "engine/lower/lowerings.inc"
#undef LATHE_LOWER

// The geometry of a Conv or QLinearConv over one or two spatial axes; empty for others.
std::optional<kernels::ConvolutionShape> convolution_shape(const PlanBuilder& builder,
                                                           const ir::Node& node, ir::ValueId input,
                                                           ir::ValueId weights);

}  // namespace lathe::engine

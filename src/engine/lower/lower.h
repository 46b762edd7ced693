// From graph nodes to kernels. One function per operator or family, listed in lowerings.inc.
#pragma once

#include "engine/plan_builder.h"
#include "kernels/convolution_shape.h"

namespace lathe::engine {

// Adds the steps that compute the node. False where no kernel fits: the reference evaluator runs
// it.
Result<bool> lower_node(PlanBuilder& builder, ir::NodeId id);
// Why lower_node() answered false: "no kernel for this operator", "no kernel for float16", "no
// kernel for this form".
std::string why_no_kernel(const ir::Graph& graph, const ir::Node& node);

using LowerFn = Result<bool> (*)(PlanBuilder&, const ir::Node&);

#define LATHE_LOWER(domain, op, function) Result<bool> function(PlanBuilder&, const ir::Node&);
#include "engine/lower/lowerings.inc"
#undef LATHE_LOWER

// The geometry of a Conv or QLinearConv over one or two spatial axes; empty for others.
std::optional<kernels::ConvolutionShape> convolution_shape(const PlanBuilder& builder,
                                                           const ir::Node& node, ir::ValueId input,
                                                           ir::ValueId weights);

}  // namespace lathe::engine

#include "engine/lower/lower.h"

namespace lathe::engine {
bool fits_cast(const ir::Graph& graph, const ir::Node& node) {
  return element_type(graph, node.input(0)) && element_type(graph, node.output());
}

void lower_cast(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const SlotId input = builder.slot(node.input(0));
  builder.add_step(op,
                   kernels::CastProblem{*element_type(builder.graph(), node.input(0)),
                                        *element_type(builder.graph(), node.output()),
                                        product(builder.dims(node.output()))},
                   {input}, builder.define(node.output()));
}

}  // namespace lathe::engine

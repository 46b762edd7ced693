#include "engine/lower/lower.h"
#include "ops/attributes.h"

namespace lathe::engine {

// Along the last axis, of at least one element.
bool fits_softmax(const ir::Graph& graph, const ir::Node& node) {
  const auto dims = dims_of(graph, node.input(0));
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t axis = ops::attributes(node).get_int("axis");
  return rank > 0 && (axis == -1 || axis == rank - 1) && dims.back() > 0 &&
         graph.tensor_type(node.input(0)).data_type == ir::DataType::kFloat32;
}

void lower_softmax(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto dims = builder.dims(node.input(0));
  const std::int64_t rows = product(std::span(dims).first(dims.size() - 1));
  const SlotId input = builder.slot(node.input(0));
  builder.add_step(op, kernels::SoftmaxF32Problem{node.op_type == "LogSoftmax", rows, dims.back()},
                   {input}, builder.define(node.output()));
}

}  // namespace lathe::engine

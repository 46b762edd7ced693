#include "engine/lower/lower.h"
#include "ops/attributes.h"

namespace lathe::engine {

// Along an axis of at least one element.
bool fits_softmax(const ir::Graph& graph, const ir::Node& node) {
  const auto dims = dims_of(graph, node.input(0));
  return !dims.empty() && product(dims) > 0 &&
         graph.tensor_type(node.input(0)).data_type == ir::DataType::kFloat32;
}

void lower_softmax(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto dims = builder.dims(node.input(0));
  const std::int64_t given = ops::attributes(node).get_int("axis");
  const auto axis = static_cast<std::size_t>(given < 0 ? given + std::ssize(dims) : given);
  const SlotId input = builder.slot(node.input(0));
  builder.add_step(
      op,
      kernels::SoftmaxF32Problem{node.op_type == "LogSoftmax", product(std::span(dims).first(axis)),
                                 dims[axis], product(std::span(dims).subspan(axis + 1))},
      {input}, builder.define(node.output()));
}

}  // namespace lathe::engine

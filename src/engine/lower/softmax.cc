#include "engine/lower/lower.h"
#include "ops/attributes.h"
#include "ops/shape_math.h"

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
  const ops::AxisView view = ops::view_around(
      dims, *ops::normalize_axis(ops::attributes(node).get_int("axis"), dims.size()));
  const SlotId input = builder.slot(node.input(0));
  builder.add_step(
      op,
      kernels::SoftmaxF32Problem{node.op_type == "LogSoftmax", view.outer, view.extent, view.inner},
      {input}, builder.define(node.output()));
}

}  // namespace lathe::engine

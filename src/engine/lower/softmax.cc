#include "engine/lower/lower.h"
#include "kernels/softmax_f32.h"
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
  const std::int64_t columns = dims.back();
  using Kind = kernels::SoftmaxF32::Kind;
  const kernels::SoftmaxF32 kernel(node.op_type == "Softmax" ? Kind::kSoftmax : Kind::kLogSoftmax,
                                   builder.isa());
  Step step = builder.step_for(op);
  step.kernel = "softmax_f32";
  step.inputs = {builder.slot(node.input(0))};
  step.outputs = {builder.define(node.output())};
  step.run = [kernel, rows, columns](const StepRun& r) -> Status {
    kernel.run(static_cast<const float*>(r.inputs[0]), static_cast<float*>(r.outputs[0]), rows,
               columns, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
}

}  // namespace lathe::engine

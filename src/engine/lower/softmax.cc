#include "engine/lower/lower.h"
#include "kernels/softmax_f32.h"

namespace lathe::engine {

Result<bool> lower_softmax(PlanBuilder& builder, const ir::Node& node) {
  const auto dims = builder.dims(node.input(0));
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t axis = node.attribute_int("axis", -1);
  const bool last = axis == -1 || axis == rank - 1;
  if (!last || rank == 0 ||
      builder.graph().value(node.input(0)).type.data_type != ir::DataType::kFloat32)
    return false;
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < dims.size(); ++i) rows *= dims[i];
  const std::int64_t columns = dims.back();
  if (columns == 0) return false;
  using Kind = kernels::SoftmaxF32::Kind;
  const kernels::SoftmaxF32 kernel(node.op_type == "Softmax" ? Kind::kSoftmax : Kind::kLogSoftmax,
                                   builder.isa());
  Step step = builder.step_for(node);
  step.kernel = "softmax_f32";
  step.inputs = {builder.slot(node.input(0), Layout::kRowMajor)};
  step.outputs = {builder.define(node.output(), Layout::kRowMajor)};
  step.run = [kernel, rows, columns](const StepRun& r) -> Status {
    kernel.run(static_cast<const float*>(r.inputs[0]), static_cast<float*>(r.outputs[0]), rows,
               columns, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
  return true;
}

}  // namespace lathe::engine

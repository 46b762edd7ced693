#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// In a graph at rest dropout passes its input on; the trainer drops for itself. training_mode as an
// input is refused unless it is constant false.
Result<std::vector<ir::TensorType>> infer_dropout(const InferContext& context) {
  RETURN_IF_ERROR(require_floating_point(context, 0));
  if (context.has_input(2)) {
    const ir::Tensor* training = context.constant(2);
    if (training == nullptr || training->num_elements() != 1 || training->get_int64(0) != 0) {
      return unsupported("training_mode must be constant false");
    }
  }
  std::vector<ir::TensorType> types{context.input(0)};
  if (context.node().outputs.size() > 1) {
    types.push_back({ir::DataType::kBool, context.input(0).shape});
  }
  return types;
}

Result<std::vector<ir::Tensor>> evaluate_dropout(const EvaluateContext& context) {
  std::vector<ir::Tensor> outputs{context.inputs[0]};
  if (context.output_types.size() > 1) {
    ir::Tensor mask = ir::Tensor::zeros(ir::DataType::kBool, context.inputs[0].dims());
    for (bool& kept : mask.mutable_data<bool>()) kept = true;
    outputs.push_back(std::move(mask));
  }
  return outputs;
}

}  // namespace

OpDef define_Dropout() {
  return {.name = "Dropout",
          .max_inputs = 3,
          .max_outputs = 2,
          .attributes = {{"seed", AttributeKind::kInt}},
          .infer = infer_dropout,
          .evaluate = evaluate_dropout};
}

}  // namespace lathe::ops

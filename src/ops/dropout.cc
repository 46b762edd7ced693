#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// In a graph at rest dropout passes its input on; the trainer drops for itself. training_mode as an
// input is refused unless it is constant false.
Result<Types> infer_dropout(const InferContext& context) {
  if (context.has_input(2)) {
    const ir::Tensor* training = context.constant(2);
    if (training == nullptr || training->get_int64(0) != 0) {
      return unsupported("training_mode must be constant false");
    }
  }
  std::vector<ir::TensorType> types{context.input(0)};
  if (context.node().outputs.size() > 1) {
    types.push_back({ir::DataType::kBool, context.input(0).shape});
  }
  return types;
}

Result<Values> evaluate_dropout(const EvaluateContext& context) {
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
          .infer = infer_dropout,
          .evaluate = evaluate_dropout,
          .traits = {.unary_elementwise = true},
          .operand_shapes = {{1, OperandShape::Rule::kScalar}, {2, OperandShape::Rule::kScalar}}};
}

}  // namespace lathe::ops

// Contributed operators of ONNX Runtime that are DequantizeLinear, an operator of floats and
// QuantizeLinear in one: QLinearConcat, QLinearLeakyRelu, QLinearSigmoid and QLinearSoftmax.
#include <array>

#include "ir/domains.h"
#include "ops/evaluate.h"
#include "ops/quantized.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// A node of the default domain on tensors, of which some may be absent.
Result<ir::Tensor> run_one(std::string_view op_type, const std::vector<ir::Tensor>& inputs,
                           ir::AttributeMap attributes = {}) {
  ir::Node node{
      .op_type = std::string(op_type), .outputs = {0}, .attributes = std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(inputs[i].defined() ? static_cast<ir::ValueId>(i) : ir::kNoValue);
  ASSIGN_OR_RETURN(std::vector<ir::Tensor> outputs, evaluate_node(node, inputs));
  return std::move(outputs[0]);
}

Result<ir::Tensor> dequantize(const EvaluateContext& context, std::size_t first) {
  const ir::Tensor zero = context.has_input(first + 2) ? context.inputs[first + 2] : ir::Tensor();
  return run_one("DequantizeLinear", {context.inputs[first], context.inputs[first + 1], zero});
}

Result<Values> quantize(const EvaluateContext& context, ir::Tensor real, std::size_t scale) {
  const ir::Tensor zero = context.has_input(scale + 1)
                              ? context.inputs[scale + 1]
                              : ir::Tensor::zeros(context.output_types[0].data_type, {});
  ASSIGN_OR_RETURN(ir::Tensor y,
                   run_one("QuantizeLinear", {std::move(real), context.inputs[scale], zero}));
  return std::vector{std::move(y)};
}

Result<Types> infer_function(const InferContext& context) {
  const std::size_t like = context.has_input(4) ? 4 : 0;
  return std::vector{ir::TensorType{context.input(like).data_type, context.input(0).shape}};
}

Result<Values> evaluate_function(const EvaluateContext& context, std::string_view op_type,
                                 ir::AttributeMap attributes) {
  ASSIGN_OR_RETURN(ir::Tensor x, dequantize(context, 0));
  ASSIGN_OR_RETURN(ir::Tensor y, run_one(op_type, {std::move(x)}, std::move(attributes)));
  return quantize(context, std::move(y), 3);
}

Result<Values> evaluate_sigmoid(const EvaluateContext& context) {
  return evaluate_function(context, "Sigmoid", {});
}

Result<Values> evaluate_leaky_relu(const EvaluateContext& context) {
  return evaluate_function(context, "LeakyRelu",
                           {{"alpha", context.attributes().get_float("alpha")}});
}

// Before opset 13, which an attribute tells, Softmax took all axes from one on together.
Result<Types> infer_qlinear_softmax(const InferContext& context) {
  const auto& shape = context.input(0).shape;
  if (shape) {
    ASSIGN_OR_RETURN(const std::size_t axis,
                     normalize_axis(context.attributes().get_int("axis"), shape->size()));
    if (context.attributes().get_int("opset") < 13 && axis + 1 != shape->size())
      return unsupported("softmax of opset {} along axis {} of {}",
                         context.attributes().get_int("opset"), axis, shape->size());
  }
  return infer_function(context);
}

Result<Values> evaluate_qlinear_softmax(const EvaluateContext& context) {
  return evaluate_function(context, "Softmax", {{"axis", context.attributes().get_int("axis")}});
}

constexpr std::size_t kFirstOfConcat = 2;  // behind the scale and zero point of the result

// Inputs: Y_scale, Y_zero_point, then each operand with its scale and zero point.
Result<Types> infer_qlinear_concat(const InferContext& context) {
  if (context.input_count() <= kFirstOfConcat || (context.input_count() - kFirstOfConcat) % 3 != 0)
    return invalid_data("{} inputs, expected two and three for each operand",
                        context.input_count());
  ir::Node concat{.op_type = "Concat", .outputs = {0}};
  concat.attributes.emplace("axis", context.attributes().get_int("axis"));
  for (std::size_t i = kFirstOfConcat; i < context.input_count(); i += 3) {
    for (const std::size_t part : {i, i + 1, i + 2})
      if (!context.has_input(part)) return invalid_data("{} is absent", context.place(part));
    RETURN_IF_ERROR(require_8_bit(context, i));
    if (context.input(i + 1).data_type != ir::DataType::kFloat32)
      return invalid_data("{} is not float32", context.place(i + 1));
    if (context.input(i + 2).data_type != context.input(i).data_type)
      return invalid_data("{} is not of the type of its operand", context.place(i + 2));
    for (const std::size_t part : {i + 1, i + 2}) {
      const auto& shape = context.input(part).shape;
      if (shape && !shape->empty() && *shape != ir::Shape{1})
        return invalid_data("{} has shape {}, expected one element", context.place(part),
                            ir::to_string(*shape));
    }
    concat.inputs.push_back(context.node().input(i));
  }
  // Types of the operands may differ, which Concat's may not: they do not tell its shape.
  std::optional<ir::Shape> shape = context.input(kFirstOfConcat).shape;
  if (!shape) return std::vector{ir::TensorType{context.input(1).data_type, std::nullopt}};
  ASSIGN_OR_RETURN(const std::size_t axis,
                   normalize_axis(context.attributes().get_int("axis"), shape->size()));
  for (std::size_t i = kFirstOfConcat + 3; i < context.input_count(); i += 3) {
    const auto& other = context.input(i).shape;
    if (!other) return std::vector{ir::TensorType{context.input(1).data_type, std::nullopt}};
    if (other->size() != shape->size())
      return invalid_data("{} has rank {}, expected {}", context.place(i), other->size(),
                          shape->size());
    for (std::size_t d = 0; d < shape->size(); ++d) {
      if (d == axis) {
        (*shape)[d] = ir::Dim((*shape)[d].symbolic() + (*other)[d].symbolic());
      } else if ((*shape)[d].known() && (*other)[d].known() && (*shape)[d] != (*other)[d]) {
        return invalid_data("{} has shape {}, which does not fit {}", context.place(i),
                            ir::to_string(*other), ir::to_string(*shape));
      }
    }
  }
  return std::vector{ir::TensorType{context.input(1).data_type, std::move(shape)}};
}

Result<Values> evaluate_qlinear_concat(const EvaluateContext& context) {
  std::vector<ir::Tensor> operands;
  for (std::size_t i = kFirstOfConcat; i < context.inputs.size(); i += 3) {
    ASSIGN_OR_RETURN(ir::Tensor operand, dequantize(context, i));
    operands.push_back(std::move(operand));
  }
  ASSIGN_OR_RETURN(ir::Tensor joined,
                   run_one("Concat", operands, {{"axis", context.attributes().get_int("axis")}}));
  return quantize(context, std::move(joined), 0);
}

}  // namespace

OpDef define_QLinearConcat() {
  return {.name = "QLinearConcat",
          .domain = ir::kMicrosoftDomain,
          .infer = infer_qlinear_concat,
          .evaluate = evaluate_qlinear_concat,
          .operand_shapes = {{0, OperandShape::Rule::kOneElement},
                             {1, OperandShape::Rule::kOneElement}}};
}

OpDef define_QLinearLeakyRelu() {
  return qlinear_of_one("QLinearLeakyRelu", infer_function, evaluate_leaky_relu);
}

OpDef define_QLinearSigmoid() {
  return qlinear_of_one("QLinearSigmoid", infer_function, evaluate_sigmoid);
}

OpDef define_QLinearSoftmax() {
  return qlinear_of_one("QLinearSoftmax", infer_qlinear_softmax, evaluate_qlinear_softmax);
}

}  // namespace lathe::ops

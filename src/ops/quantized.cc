#include "ops/quantized.h"

#include "ir/domains.h"

namespace lathe::ops {

QuantizationParameters scalar_parameters(const EvaluateContext& context, std::size_t scale) {
  return {static_cast<float>(context.inputs[scale].get_double(0)),
          context.has_input(scale + 1)
              ? static_cast<std::int32_t>(context.inputs[scale + 1].get_int64(0))
              : 0};
}

Status require_8_bit(const InferContext& context, std::size_t input) {
  const ir::DataType type = context.input(input).data_type;
  if (type == ir::DataType::kInt8 || type == ir::DataType::kUint8) return {};
  return invalid_data("{} is {}, expected int8 or uint8", context.place(input),
                      ir::data_type_name(type));
}

Status require_per_channel(const InferContext& context, std::size_t input,
                           const ir::Dim& channels) {
  if (!context.has_input(input)) return {};
  const std::optional<ir::Shape>& shape = context.input(input).shape;
  if (!shape || shape->empty() || *shape == ir::Shape{1} || *shape == ir::Shape{channels})
    return {};
  return invalid_data("{} has shape {}, expected a scalar or [{}]", context.place(input),
                      ir::to_string(*shape), channels.to_string());
}

std::vector<std::int32_t> widen(const ir::Tensor& tensor) {
  std::vector<std::int32_t> values;
  values.reserve(static_cast<std::size_t>(tensor.num_elements()));
  if (tensor.data_type() == ir::DataType::kInt8) {
    for (const std::int8_t v : tensor.data<std::int8_t>()) values.push_back(v);
  } else if (tensor.data_type() == ir::DataType::kUint8) {
    for (const std::uint8_t v : tensor.data<std::uint8_t>()) values.push_back(v);
  } else {
    for (const std::int64_t v : tensor.to_int64s()) values.push_back(static_cast<std::int32_t>(v));
  }
  return values;
}

OpDef qlinear_of_one(std::string_view name, InferFn infer, EvaluateFn evaluate) {
  return {.name = name,
          .domain = ir::kMicrosoftDomain,
          .infer = infer,
          .evaluate = evaluate,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement},
                             {3, OperandShape::Rule::kOneElement},
                             {4, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops

#include "ops/common_type.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

using ir::Datum;
using ir::Type;

bool is_optional(const Type& type) { return type.kind() == Type::Kind::kOptional; }

// A tensor or a sequence of tensors.
bool may_be_in_optional(const Type& type) {
  const bool is_sequence = type.kind() == Type::Kind::kSequence;
  const Type& inner = is_sequence ? type.element() : type;
  return inner.is_tensor() && inner.known();
}

// The attribute says what an optional would hold that is empty, so its extents are nobody's.
Result<Type> declared_element(Attributes attributes) {
  const ir::Attribute* attribute = attributes.find("type");
  if (attribute == nullptr) return Type();
  const auto& type = std::get<Type>(*attribute);
  if (!may_be_in_optional(type))
    return invalid_data("type is {}, expected a tensor or a sequence of tensors", type.to_string());
  return without_shapes(type);
}

Result<Types> infer_optional(const InferContext& context) {
  ASSIGN_OR_RETURN(const Type declared, declared_element(context.attributes()));
  if (!context.has_input(0)) {
    if (!declared.known()) return invalid_data("has neither an input nor the attribute 'type'");
    return Types{Type::optional(declared)};
  }
  const Type& given = context.input_type(0);
  if (!common_type(declared, given)) {
    return invalid_data("{} is {}, but attribute 'type' is {}", context.place(0), given.to_string(),
                        declared.to_string());
  }
  const Type& element = given.known() ? given : declared;
  return Types{element.known() ? Type::optional(element) : Type()};
}

Result<Values> evaluate_optional(const EvaluateContext& context) {
  if (context.has_input(0))
    return Values{Datum::Optional{without_shapes(context.values[0].type()), {context.values[0]}}};
  ASSIGN_OR_RETURN(Type element, declared_element(context.attributes()));
  return Values{Datum::Optional{std::move(element), {}}};
}

Result<Types> infer_optional_get_element(const InferContext& context) {
  const Type& given = context.input_type(0);
  return Types{is_optional(given) ? given.element() : given};
}

Result<Values> evaluate_optional_get_element(const EvaluateContext& context) {
  const Datum::Optional* optional = context.values[0].optional();
  if (optional == nullptr) return Values{context.values[0]};
  if (optional->item.empty()) return invalid_data("the optional is empty");
  return Values{optional->item[0]};
}

Result<Types> infer_optional_has_element(const InferContext&) {
  return std::vector{ir::TensorType{ir::DataType::kBool, ir::Shape{}}};
}

Result<Values> evaluate_optional_has_element(const EvaluateContext& context) {
  bool has = context.has_input(0);
  if (has && context.values[0].optional() != nullptr)
    has = !context.values[0].optional()->item.empty();
  return Values{ir::Tensor::scalar(has)};
}

}  // namespace

OpDef define_Optional() {
  return {.name = "Optional", .infer = infer_optional, .evaluate = evaluate_optional};
}
OpDef define_OptionalGetElement() {
  return {.name = "OptionalGetElement",
          .infer = infer_optional_get_element,
          .evaluate = evaluate_optional_get_element};
}
OpDef define_OptionalHasElement() {
  return {.name = "OptionalHasElement",
          .infer = infer_optional_has_element,
          .evaluate = evaluate_optional_has_element};
}

}  // namespace lathe::ops

#include "ops/sequence.h"

#include "ops/common_type.h"
#include "ops/shape_math.h"

namespace lathe::ops {

using ir::Datum;
using ir::Type;

Type element_type(const InferContext& context, std::size_t input) {
  const Type& type = context.input_type(input);
  return type.known() ? type.element() : Type();
}

Type sequence_of(const Type& element) { return element.known() ? Type::sequence(element) : Type(); }

const std::vector<Datum>& items_of(const Datum& value) {
  LATHE_CHECK(value.sequence() != nullptr);
  return value.sequence()->items;
}

Datum make_sequence(const Type& element, std::vector<Datum> items) {
  return Datum::Sequence{without_shapes(element), std::move(items)};
}

namespace {

// What a sequence holds that gets an item more.
Type joined_element(const Type& element, const Type& item) {
  return common_type(element, item).value_or(without_shapes(element));
}

Result<Types> infer_sequence_construct(const InferContext& context) {
  Type element;
  for (std::size_t i = 0; i < context.input_count(); ++i)
    element = joined_element(element, context.input_type(i));
  return Types{sequence_of(element)};
}

Result<Values> evaluate_sequence_construct(const EvaluateContext& context) {
  return Values{make_sequence(context.values[0].type(),
                              std::vector(context.values.begin(), context.values.end()))};
}

Result<ir::DataType> data_type_of_empty(Attributes attributes) {
  const std::int64_t* stated = attributes.find_int("dtype");
  if (stated == nullptr) return ir::DataType::kFloat32;
  const Signature* signature = find_op("", "SequenceEmpty")->signature;
  for (int number = 1; ir::is_known_data_type(number); ++number) {
    const auto type = static_cast<ir::DataType>(number);
    if (number == *stated &&
        signature->outputs[0].types.contains(Type::sequence(Type(type, std::nullopt))))
      return type;
  }
  return invalid_data("dtype is {}, which is no element type of a sequence", *stated);
}

Result<Types> infer_sequence_empty(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, data_type_of_empty(context.attributes()));
  return Types{Type::sequence(Type(type, std::nullopt))};
}

Result<Values> evaluate_sequence_empty(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, data_type_of_empty(context.attributes()));
  return Values{make_sequence(Type(type, std::nullopt), {})};
}

Result<Types> infer_sequence_length(const InferContext&) {
  return std::vector{ir::TensorType{ir::DataType::kInt64, ir::Shape{}}};
}

Result<Values> evaluate_sequence_length(const EvaluateContext& context) {
  return Values{ir::Tensor::scalar(static_cast<std::int64_t>(items_of(context.values[0]).size()))};
}

// Input `slot`, an index of one of `count` places, negative from their end.
Result<std::ptrdiff_t> read_position(const EvaluateContext& context, std::size_t slot,
                                     std::size_t length, std::size_t count) {
  const std::int64_t position = context.inputs[slot].get_int64(0);
  const auto items = static_cast<std::int64_t>(length);
  if (position >= -items && position < static_cast<std::int64_t>(count))
    return static_cast<std::ptrdiff_t>(position < 0 ? position + items : position);
  return invalid_data("position is {}, but the sequence has {} items", position, length);
}

Result<Types> infer_sequence_at(const InferContext& context) {
  return Types{element_type(context, 0)};
}

Result<Values> evaluate_sequence_at(const EvaluateContext& context) {
  const std::vector<Datum>& items = items_of(context.values[0]);
  ASSIGN_OR_RETURN(const auto position, read_position(context, 1, items.size(), items.size()));
  return Values{items[static_cast<std::size_t>(position)]};
}

Result<Types> infer_sequence_erase(const InferContext& context) {
  return Types{context.input_type(0)};
}

Result<Values> evaluate_sequence_erase(const EvaluateContext& context) {
  std::vector<Datum> items = items_of(context.values[0]);
  auto position = std::ssize(items) - 1;
  if (context.has_input(1)) {
    ASSIGN_OR_RETURN(position, read_position(context, 1, items.size(), items.size()));
  }
  if (position < 0) return invalid_data("the sequence has no items");
  items.erase(items.begin() + position);
  return Values{make_sequence(context.values[0].sequence()->element, std::move(items))};
}

Result<Types> infer_sequence_insert(const InferContext& context) {
  const Type element = element_type(context, 0);
  const Type& item = context.input_type(1);
  if (element.known() && item.known() && element.tensor().data_type != item.tensor().data_type) {
    return invalid_data("{} is {}, but {} is {}", context.place(1), item.to_string(),
                        context.place(0), context.input_type(0).to_string());
  }
  return Types{sequence_of(joined_element(element, item))};
}

Result<Values> evaluate_sequence_insert(const EvaluateContext& context) {
  std::vector<Datum> items = items_of(context.values[0]);
  auto position = std::ssize(items);
  if (context.has_input(2)) {
    ASSIGN_OR_RETURN(position, read_position(context, 2, items.size(), items.size() + 1));
  }
  items.insert(items.begin() + position, context.values[1]);
  return Values{make_sequence(context.values[0].sequence()->element, std::move(items))};
}

}  // namespace

OpDef define_SequenceAt() {
  return {.name = "SequenceAt",
          .infer = infer_sequence_at,
          .evaluate = evaluate_sequence_at,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement}}};
}
OpDef define_SequenceConstruct() {
  return {.name = "SequenceConstruct",
          .infer = infer_sequence_construct,
          .evaluate = evaluate_sequence_construct};
}
OpDef define_SequenceEmpty() {
  return {
      .name = "SequenceEmpty", .infer = infer_sequence_empty, .evaluate = evaluate_sequence_empty};
}
OpDef define_SequenceErase() {
  return {.name = "SequenceErase",
          .infer = infer_sequence_erase,
          .evaluate = evaluate_sequence_erase,
          .operand_shapes = {{1, OperandShape::Rule::kOneElement}}};
}
OpDef define_SequenceInsert() {
  return {.name = "SequenceInsert",
          .infer = infer_sequence_insert,
          .evaluate = evaluate_sequence_insert,
          .operand_shapes = {{2, OperandShape::Rule::kOneElement}}};
}
OpDef define_SequenceLength() {
  return {.name = "SequenceLength",
          .infer = infer_sequence_length,
          .evaluate = evaluate_sequence_length};
}

}  // namespace lathe::ops

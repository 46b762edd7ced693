#include "ops/sequence.h"

namespace lathe::ops {
namespace {

using ir::Datum;
using ir::Type;

constexpr std::string_view kItemBody = "body";

const ir::Graph& item_body(const ir::Node& node) {
  return *std::get<ir::Subgraph>(node.attributes.find(kItemBody)->second).graph;
}

// What the body makes of one item, without what may differ from item to item: extents that the
// body alone names.
ir::TensorType type_of_all(ir::TensorType type) {
  for (std::size_t i = 0; type.shape && i < type.shape->size(); ++i) {
    ir::Dim& dim = (*type.shape)[i];
    if (!dim.known()) dim = ir::Dim(ir::SymInt::data_dependent());
  }
  return type;
}

Result<Types> infer_sequence_map(const InferContext& context) {
  const ir::Node& node = context.node();
  Types inputs;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    if (!context.has_input(i)) return invalid_data("{} is missing", context.place(i));
    const Type& type = context.input_type(i);
    inputs.push_back(type.kind() == Type::Kind::kSequence ? type.element() : type);
  }
  if (!context.input_type(0).known()) inputs[0] = Type();
  ASSIGN_OR_RETURN(const Types made, context.infer_subgraph(kItemBody, inputs));
  if (made.size() != node.outputs.size()) {
    return invalid_data("body has {} outputs, the node has {}", made.size(), node.outputs.size());
  }
  Types types;
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (!made[i].is_tensor())
      return invalid_data("output {} of body is {}, expected a tensor", i, made[i].to_string());
    types.push_back(sequence_of(type_of_all(made[i].tensor())));
  }
  return types;
}

// The number of items, which all inputs that are sequences share.
Result<std::size_t> count_items(const EvaluateContext& context) {
  const std::size_t count = items_of(context.values[0]).size();
  for (std::size_t i = 1; i < context.values.size(); ++i) {
    const Datum::Sequence* sequence = context.values[i].sequence();
    if (sequence == nullptr || sequence->items.size() == count) continue;
    return invalid_data("input {} has {} items, input 0 has {}", i, sequence->items.size(), count);
  }
  return count;
}

Result<Values> evaluate_sequence_map(const EvaluateContext& context) {
  const ir::Graph& body = item_body(context.node);
  ASSIGN_OR_RETURN(const std::size_t count, count_items(context));
  std::vector<std::vector<Datum>> outputs(body.outputs().size());
  for (std::size_t item = 0; item < count; ++item) {
    std::vector<Datum> inputs;
    for (const Datum& value : context.values)
      inputs.push_back(value.sequence() != nullptr ? items_of(value)[item] : value);
    auto made = context.run_subgraph(kItemBody, inputs);
    if (!made.ok())
      return made.error().with_context(kItemBody).with_context(fmt::format("item {}", item));
    for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i].push_back(std::move((*made)[i]));
  }
  Values results;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Type element = count > 0 ? outputs[i][0].type() : body.type(body.outputs()[i]);
    results.push_back(make_sequence(element, std::move(outputs[i])));
  }
  return results;
}

}  // namespace

OpDef define_SequenceMap() {
  return {.name = "SequenceMap", .infer = infer_sequence_map, .evaluate = evaluate_sequence_map};
}

}  // namespace lathe::ops

#include "ops/check_node.h"

#include <fmt/format.h>

#include "base/suggest.h"
#include "base/words.h"

namespace lathe::ops {
namespace {

std::string expected_count(std::size_t least, std::size_t most) {
  if (most == kVariadic) return fmt::format("at least {}", least);
  if (least == most) return fmt::to_string(least);
  return fmt::format("{} to {}", least, most);
}

Status check_attributes(const ir::Node& node, const Signature& signature) {
  for (const auto& [name, value] : node.attributes) {
    const AttributeSignature* known = signature.attribute(name);
    if (known == nullptr) {
      std::vector<std::string> names;
      for (const AttributeSignature& attribute : signature.attributes)
        names.emplace_back(attribute.name);
      return invalid_data("unknown attribute '{}'{}", name, did_you_mean(name, names));
    }
    if (static_cast<std::size_t>(known->kind) != value.index()) {
      return invalid_data("attribute '{}' is of kind {}, expected {}", name,
                          ir::attribute_kind_name(value), attribute_kind_name(known->kind));
    }
  }
  for (const AttributeSignature& attribute : signature.attributes) {
    if (attribute.required && !node.has_attribute(attribute.name))
      return invalid_data("attribute '{}' is missing", attribute.name);
  }
  return {};
}

// Inputs or outputs of one node, and which type each variable stands for.
class Operands {
 public:
  Operands(const ir::Graph& graph, const Signature& signature)
      : graph_(graph), bound_(signature.variables.size()) {}

  Status check(std::span<const ir::ValueId> ids, std::span<const Operand> signature,
               std::size_t least, std::size_t most, std::string_view what) {
    if (ids.size() < least || ids.size() > most) {
      return invalid_data("{}, expected {}", counted(static_cast<std::int64_t>(ids.size()), what),
                          expected_count(least, most));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const Operand& operand = signature[std::min(i, signature.size() - 1)];
      const auto place = [&] { return fmt::format("{} {} ({})", what, i, operand.name); };
      if (ids[i] != ir::kNoValue) {
        RETURN_IF_ERROR(check_type(graph_.type(ids[i]), operand).with_context(place));
      } else if (operand.option == OperandOption::kSingle ||
                 (operand.option == OperandOption::kVariadic && operand.homogeneous)) {
        return invalid_data("{} is missing", place());
      }
    }
    return {};
  }

 private:
  Status check_type(const ir::Type& type, const Operand& operand) {
    if (!type.known()) return {};
    if (!operand.types.contains(type)) {
      return invalid_data("is {}, expected {}", type.to_string(), operand.types.to_string());
    }
    if (!operand.variable || !operand.homogeneous) return {};
    Bound& bound = bound_[*operand.variable];
    if (bound.type == nullptr) bound = {&type, operand.name};
    if (!same_elements(*bound.type, type)) {
      return invalid_data("is {}, but {} is {}: both must be of one type", type.to_string(),
                          bound.first, bound.type->to_string());
    }
    return {};
  }

  static bool same_elements(const ir::Type& a, const ir::Type& b) {
    if (a.kind() != b.kind() || a.key() != b.key()) return false;
    if (a.is_tensor()) return a.tensor().data_type == b.tensor().data_type;
    return same_elements(a.element(), b.element());
  }

  // What a type variable stands for, by the operand that was the first to say so.
  struct Bound {
    const ir::Type* type = nullptr;
    std::string_view first;
  };

  const ir::Graph& graph_;
  std::vector<Bound> bound_;
};

Status check_operand_shape(const ir::Graph& graph, const ir::Node& node, const OperandShape& wanted,
                           const Signature& signature) {
  const ir::ValueId id = node.input(wanted.input);
  if (id == ir::kNoValue) return {};
  const std::optional<ir::Shape>& shape = graph.tensor_type(id).shape;
  if (!shape) return {};
  const bool scalar = shape->empty();
  const bool vector = shape->size() == 1;
  const bool may_be_one = vector && (!(*shape)[0].known() || (*shape)[0] == ir::Dim(1));
  bool fits = false;
  std::string_view expected;
  switch (wanted.rule) {
    case OperandShape::Rule::kScalar:
      fits = scalar;
      expected = "a scalar";
      break;
    case OperandShape::Rule::kOneElement:
      fits = scalar || may_be_one;
      expected = "one element";
      break;
    case OperandShape::Rule::kVector:
      fits = vector;
      expected = "a vector";
      break;
    case OperandShape::Rule::kScalarOrVector:
      fits = scalar || vector;
      expected = "a scalar or a vector";
      break;
  }
  if (fits) return {};
  return invalid_data("input {} ({}) has shape {}, expected {}", wanted.input,
                      signature.input(wanted.input)->name, ir::to_string(*shape), expected);
}

}  // namespace

Status check_signature(const ir::Graph& graph, const ir::Node& node, const Signature& signature) {
  RETURN_IF_ERROR(check_attributes(node, signature));
  Operands operands(graph, signature);
  RETURN_IF_ERROR(operands.check(node.inputs, signature.inputs, signature.min_inputs,
                                 signature.max_inputs, "input"));
  return operands.check(node.outputs, signature.outputs, signature.min_outputs,
                        signature.max_outputs, "output");
}

Status check_node(const ir::Graph& graph, const ir::Node& node, const OpDef& op) {
  RETURN_IF_ERROR(check_signature(graph, node, *op.signature));
  for (const OperandShape& wanted : op.operand_shapes)
    RETURN_IF_ERROR(check_operand_shape(graph, node, wanted, *op.signature));
  return {};
}

}  // namespace lathe::ops

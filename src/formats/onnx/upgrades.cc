#include "formats/onnx/upgrades.h"

#include <algorithm>

#include "formats/onnx/same_word.h"
#include "ops/op_def.h"

namespace lathe::formats {
namespace {

struct Change {
  std::string_view op_type;
  int before;
  Status (*upgrade)(NodeUpgrade&);
};

constexpr Change kChanges[] = {
#define LATHE_UPGRADE(op_type, before, function) {#op_type, before, function},
#include "formats/onnx/upgrades.inc"
#undef LATHE_UPGRADE
};

struct Renaming {
  std::string_view old_name;
  std::string_view name;
};

constexpr Renaming kRenamings[] = {{"Scatter", "ScatterElements"}, {"Upsample", "Resize"}};

std::optional<std::size_t> find_input(const ops::Signature& signature, std::string_view name) {
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    if (same_word(signature.inputs[i].name, name)) return i;
  }
  return std::nullopt;
}

// The attribute's value as an input. Its element type is the one that the operand allows: that of
// input 0 where both have one type variable.
Result<ir::Tensor> as_tensor(const NodeUpgrade& upgrade, const ir::Attribute& value,
                             const ops::Operand& operand, const ops::Signature& now) {
  ir::Tensor tensor;
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    tensor = ir::Tensor::vector_int64(std::span(number, 1));
    if (!now.inputs.empty() && operand.option == ops::OperandOption::kOptional)
      tensor = ir::Tensor::scalar(*number);
  } else if (const auto* real = std::get_if<float>(&value)) {
    tensor = ir::Tensor::scalar(*real);
  } else if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&value)) {
    tensor = ir::Tensor::vector_int64(*numbers);
  } else if (const auto* reals = std::get_if<std::vector<float>>(&value)) {
    const auto count = static_cast<std::int64_t>(reals->size());
    tensor = ir::Tensor::from_values<float>(std::span(&count, 1), *reals);
  } else {
    return unsupported("is of kind {}, which cannot become an input",
                       ir::attribute_kind_name(value));
  }
  const bool like_first = operand.variable && operand.variable == now.inputs[0].variable;
  const ir::DataType wanted = upgrade.input_type(0).data_type;
  if (like_first && ir::is_numeric(wanted)) return tensor.cast(wanted);
  return tensor;
}

bool same_value(const ir::Attribute& a, const ir::Attribute& b) {
  if (a.index() != b.index()) return false;
  return ir::to_string(a) == ir::to_string(b);
}

bool is_empty_list(const ir::Attribute& value) {
  const auto* numbers = std::get_if<std::vector<std::int64_t>>(&value);
  return numbers != nullptr && numbers->empty();
}

// Attributes that the node has and its operator lacks today.
Status move_attributes(NodeUpgrade& upgrade, const ops::Signature& old, const ops::Signature& now) {
  const ir::AttributeMap given = upgrade.node().attributes;
  for (const auto& [name, value] : given) {
    if (now.attribute(name) != nullptr) continue;
    const auto slot = find_input(now, name);
    upgrade.remove_attribute(name);
    if (name == "consumed_inputs") continue;  // said which operands might be overwritten
    if (slot && !find_input(old, name)) {
      const ops::Operand& operand = now.inputs[*slot];
      // An empty list of axes meant what an absent one means.
      if (is_empty_list(value) && operand.option == ops::OperandOption::kOptional) continue;
      auto tensor = as_tensor(upgrade, value, operand, now);
      if (!tensor.ok()) return tensor.error().with_context(fmt::format("attribute '{}'", name));
      upgrade.set_constant_input(*slot, name, *std::move(tensor));
      continue;
    }
    const ops::AttributeSignature* known = old.attribute(name);
    const bool is_default =
        known != nullptr && known->default_value && same_value(value, *known->default_value);
    if (!is_default) {
      return unsupported("attribute '{}' is {} at opset {}, which cannot be said today", name,
                         ir::to_string(value), upgrade.opset());
    }
  }
  return {};
}

// Defaults that are others today.
void write_down_defaults(NodeUpgrade& upgrade, const ops::Signature& old,
                         const ops::Signature& now) {
  for (const ops::AttributeSignature& before : old.attributes) {
    if (!before.default_value || upgrade.node().has_attribute(before.name)) continue;
    const ops::AttributeSignature* today = now.attribute(before.name);
    if (today == nullptr || today->kind != before.kind) continue;
    if (!today->default_value || !same_value(*before.default_value, *today->default_value))
      upgrade.set_attribute(std::string(before.name), *before.default_value);
  }
}

}  // namespace

std::string_view current_name(std::string_view op_type) {
  for (const Renaming& renaming : kRenamings)
    if (renaming.old_name == op_type) return renaming.name;
  return op_type;
}

Status upgrade_node(NodeUpgrade& upgrade, const ops::Signature& old) {
  if (upgrade.node().domain.empty()) upgrade.rename(current_name(upgrade.node().op_type));
  const ops::Signature& now =
      *ops::find_op(upgrade.node().domain, upgrade.node().op_type)->signature;
  if (&old == &now) return {};
  if (upgrade.node().domain.empty()) {
    for (const Change& change : kChanges) {
      if (change.op_type == upgrade.node().op_type && upgrade.opset() < change.before) {
        RETURN_IF_ERROR(change.upgrade(upgrade));
        if (upgrade.is_replaced()) return {};
        break;
      }
    }
  }
  RETURN_IF_ERROR(move_attributes(upgrade, old, now));
  write_down_defaults(upgrade, old, now);
  return {};
}

}  // namespace lathe::formats

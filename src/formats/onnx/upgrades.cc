#include "formats/onnx/upgrades.h"

#include <algorithm>
#include <numeric>

#include "formats/onnx/same_word.h"
#include "ir/domains.h"
#include "ops/key_index.h"
#include "ops/op_def.h"

namespace lathe::formats {
namespace {

using Words = std::vector<std::string>;
using Ints = std::vector<std::int64_t>;

// Classes and their positions, whichever way the input's type asks for.
Status upgrade_listed_classes(NodeUpgrade& upgrade) {
  auto classes = upgrade.take<Words>("classes_strings");
  if (!classes) return invalid_data("attribute 'classes_strings' is missing");
  Ints positions(classes->size());
  std::iota(positions.begin(), positions.end(), std::int64_t{0});
  const ir::DataType type = upgrade.input_type(0).data_type;
  if (type == ir::DataType::kUndefined) {
    return unsupported("needs the type of its input to be read from opset {}", upgrade.opset());
  }
  const bool from_words = type == ir::DataType::kString;
  upgrade.set_attribute(from_words ? "keys_strings" : "values_strings", *std::move(classes));
  upgrade.set_attribute(from_words ? "values_int64s" : "keys_int64s", std::move(positions));
  return {};
}

// Which keys are the first of those that are equal.
template <typename T>
std::vector<bool> first_ones(std::vector<T> keys) {
  std::ranges::reverse(keys);
  const ops::KeyIndex<T> index(keys);
  std::vector<bool> is_first(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i)
    is_first[keys.size() - 1 - i] = index.find(keys[i]) == i;
  return is_first;
}

template <typename T>
void keep_marked(NodeUpgrade& upgrade, const std::string& key, const std::vector<bool>& marked) {
  if (!upgrade.node().has_attribute(key)) return;
  const auto given = *upgrade.take<std::vector<T>>(key);
  std::vector<T> kept;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (i >= marked.size() || marked[i]) kept.push_back(given[i]);
  upgrade.set_attribute(key, std::move(kept));
}

template <typename T>
void drop_repeated_keys(NodeUpgrade& upgrade, const std::string& name) {
  const auto attribute = upgrade.node().attributes.find(name);
  if (attribute == upgrade.node().attributes.end()) return;
  const std::vector<bool> marked = first_ones(std::get<std::vector<T>>(attribute->second));
  if (std::ranges::find(marked, false) == marked.end()) return;
  keep_marked<T>(upgrade, name, marked);
  keep_marked<float>(upgrade, "values_floats", marked);
  keep_marked<std::int64_t>(upgrade, "values_int64s", marked);
  keep_marked<std::string>(upgrade, "values_strings", marked);
}

// First it had a list of classes. Then, of keys that repeat, ONNX Runtime took the first; today the
// last counts.
Status upgrade_label_encoder(NodeUpgrade& upgrade) {
  if (upgrade.opset() < 2) return upgrade_listed_classes(upgrade);
  drop_repeated_keys<float>(upgrade, "keys_floats");
  drop_repeated_keys<std::int64_t>(upgrade, "keys_int64s");
  drop_repeated_keys<std::string>(upgrade, "keys_strings");
  return {};
}

struct Change {
  std::string_view domain;
  std::string_view op_type;
  int before;
  Status (*upgrade)(NodeUpgrade&);
};

constexpr Change kChanges[] = {
#define LATHE_UPGRADE(op_type, before, function) {"", #op_type, before, function},
#include "formats/onnx/upgrades.inc"
#undef LATHE_UPGRADE
    {ir::kMlDomain, "LabelEncoder", 4, upgrade_label_encoder}};

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
  for (const Change& change : kChanges) {
    if (upgrade.node().is(change.op_type, change.domain) && upgrade.opset() < change.before) {
      RETURN_IF_ERROR(change.upgrade(upgrade));
      if (upgrade.is_replaced()) return {};
      break;
    }
  }
  RETURN_IF_ERROR(move_attributes(upgrade, old, now));
  write_down_defaults(upgrade, old, now);
  return {};
}

}  // namespace lathe::formats

#include "ops/attributes.h"

#include "ops/op_def.h"

namespace lathe::ops {
namespace {

template <typename T>
const T& require(const ir::Attribute* attribute) {
  const T* value = attribute == nullptr ? nullptr : std::get_if<T>(attribute);
  LATHE_CHECK(value != nullptr);
  return *value;
}

template <typename T>
const T* optional(const ir::Attribute* attribute) {
  return attribute == nullptr ? nullptr : &require<T>(attribute);
}

}  // namespace

const ir::Attribute* Attributes::find(std::string_view name) const {
  if (const auto it = node_.attributes.find(name); it != node_.attributes.end()) return &it->second;
  const AttributeSignature* known = signature_.attribute(name);
  LATHE_CHECK(known != nullptr);
  return known->default_value ? &*known->default_value : nullptr;
}

std::int64_t Attributes::get_int(std::string_view name) const {
  return require<std::int64_t>(find(name));
}

float Attributes::get_float(std::string_view name) const { return require<float>(find(name)); }

const std::string& Attributes::get_string(std::string_view name) const {
  return require<std::string>(find(name));
}

const std::int64_t* Attributes::find_int(std::string_view name) const {
  return optional<std::int64_t>(find(name));
}

const std::vector<std::int64_t>* Attributes::find_ints(std::string_view name) const {
  return optional<std::vector<std::int64_t>>(find(name));
}

Attributes attributes(const ir::Node& node) {
  const OpDef* op = find_op(node.domain, node.op_type);
  LATHE_CHECK(op != nullptr);
  return {node, *op->signature};
}

}  // namespace lathe::ops

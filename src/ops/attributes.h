// The attributes of a node as its operator's signature has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ops/signature.h"

namespace lathe::ops {

// What the node gives, and the signature's default where it gives nothing. For nodes that have been
// checked (check_node): asking for an attribute that is neither given nor has a default, or for one
// of another kind, stops the program. Refers to node and signature, so it is not to be kept.
class Attributes {
 public:
  Attributes(const ir::Node& node, const Signature& signature)
      : node_(node), signature_(signature) {}

  [[nodiscard]] std::int64_t get_int(std::string_view name) const;
  [[nodiscard]] bool get_bool(std::string_view name) const { return get_int(name) != 0; }
  [[nodiscard]] float get_float(std::string_view name) const;
  [[nodiscard]] const std::string& get_string(std::string_view name) const;

  // Null where there is neither a value nor a default.
  [[nodiscard]] const std::int64_t* find_int(std::string_view name) const;
  [[nodiscard]] const std::vector<std::int64_t>* find_ints(std::string_view name) const;
  [[nodiscard]] const ir::Attribute* find(std::string_view name) const;

 private:
  const ir::Node& node_;
  const Signature& signature_;
};

// Of a node of an operator that Lathe knows, at the canonical opset.
Attributes attributes(const ir::Node& node);

}  // namespace lathe::ops

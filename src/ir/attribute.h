// Attribute values of a node, as AttributeProto of the ONNX specification has them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ir/tensor.h"
#include "ir/type.h"

namespace lathe::ir {

class Graph;

using ValueId = std::int32_t;
using NodeId = std::int32_t;
inline constexpr ValueId kNoValue = -1;  // an optional input or output that is absent
inline constexpr NodeId kNoNode = -1;

// A graph inside a node (If, Loop, Scan). The graph itself is immutable and shared between copies
// of the node. What it reads of the graph around it is explicit: its captures() are values that
// nothing in it makes, and `captures` names, in the same order, the values of the graph around it
// that they stand for. Those count as read by the node.
struct Subgraph {
  std::shared_ptr<const Graph> graph;
  std::vector<ValueId> captures = {};
};

using Attribute =
    std::variant<std::int64_t, float, std::string, Tensor, Subgraph, std::vector<std::int64_t>,
                 std::vector<float>, std::vector<std::string>, std::vector<Tensor>,
                 std::vector<Subgraph>, Type>;

// "int", "float", "string", "tensor", "graph", "ints", ...
std::string_view attribute_kind_name(const Attribute& attribute);
std::string to_string(const Attribute& attribute);

// Same kind and bits; graphs are the same only where they are one object that captures the same.
bool identical(const Attribute& a, const Attribute& b);

using AttributeMap = std::map<std::string, Attribute, std::less<>>;
bool identical(const AttributeMap& a, const AttributeMap& b);

}  // namespace lathe::ir

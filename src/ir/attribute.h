// Attribute values of a node, as AttributeProto of the ONNX specification has them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ir/tensor.h"

namespace lathe::ir {

class Graph;
// A subgraph attribute (If, Loop, Scan); immutable and shared between copies of a node.
using GraphPtr = std::shared_ptr<const Graph>;

using Attribute =
    std::variant<std::int64_t, float, std::string, Tensor, GraphPtr, std::vector<std::int64_t>,
                 std::vector<float>, std::vector<std::string>, std::vector<Tensor>,
                 std::vector<GraphPtr>>;

// "int", "float", "string", "tensor", "graph", "ints", ...
std::string_view attribute_kind_name(const Attribute& attribute);
std::string to_string(const Attribute& attribute);

using AttributeMap = std::map<std::string, Attribute, std::less<>>;

}  // namespace lathe::ir

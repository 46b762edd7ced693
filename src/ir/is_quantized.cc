#include "ir/is_quantized.h"

#include <algorithm>

namespace lathe::ir {

bool is_quantized(const Node& node) {
  const std::string& type = node.op_type;
  return type.find("QuantizeLinear") != std::string::npos ||
         type.find("DequantizeLinear") != std::string::npos || type.starts_with("QLinear") ||
         type.starts_with("QGemm") || type.ends_with("Integer");
}

bool is_quantized(const Graph& graph) {
  return std::ranges::any_of(graph.node_ids(),
                             [&](NodeId id) { return is_quantized(graph.node(id)); });
}

}  // namespace lathe::ir

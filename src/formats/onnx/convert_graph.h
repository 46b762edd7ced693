// Between GraphProto and ir::Graph, operators as they are: opsets are read_onnx's matter.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "formats/onnx/external_data.h"
#include "ir/graph.h"

namespace onnx {
class GraphProto;
}

namespace lathe::formats {

enum class GraphPlace {
  kOutermost,
  kInner,  // an attribute of a node: inputs need no type, and what is not made here is captured
};

// Values are numbered inputs first, then initializers, then outputs of nodes in the order of the
// file. Initializers that are listed as inputs too (IR version 3) are constants. Names must be
// unique and every name that is read must be made; the order of the nodes is not checked. Declared
// types are kept. Errors name the node, initializer, input or output.
Result<ir::Graph> graph_from_proto(onnx::GraphProto& proto, ExternalData& external,
                                   GraphPlace place);

// What the values of a graph are called in the file. Names of a graph inside a node differ from
// those of the graphs around it, as the specification wants, but for captures, which have the name
// of what they stand for.
class WrittenNames {
 public:
  explicit WrittenNames(const ir::Graph& graph);  // the outermost: names as they are
  WrittenNames(const ir::Subgraph& subgraph, const WrittenNames& around);

  // Empty for kNoValue.
  [[nodiscard]] const std::string& operator[](ir::ValueId id) const;

 private:
  [[nodiscard]] bool is_taken(const std::string& name) const;

  const WrittenNames* around_ = nullptr;
  std::vector<std::string> names_;
  std::unordered_set<std::string> used_;
};

// Nodes in topological order; constants that nothing reads are left out. With `value_info`
// the types of values between nodes are written too.
void graph_to_proto(const ir::Graph& graph, onnx::GraphProto& proto, bool value_info = false);
// The same for the graph inside a node. `around` are the names of the graph that the node is in.
void subgraph_to_proto(const ir::Subgraph& subgraph, const WrittenNames& around,
                       onnx::GraphProto& proto);

}  // namespace lathe::formats

// Between GraphProto and ir::Graph, operators as they are: opsets are read_onnx's matter.
#pragma once

#include "formats/onnx/external_data.h"
#include "ir/graph.h"

namespace onnx {
class GraphProto;
}

namespace lathe::formats {

enum class GraphPlace {
  kOutermost,
  kInner,  // an attribute of a node: values of the graphs around it may be read, and inputs need no
           // type. Such values have neither producer nor constant here.
};

// Values are numbered inputs first, then initializers, then outputs of nodes in the order of the
// file. Initializers that are listed as inputs too (IR version 3) are constants. Names must be
// unique and every name that is read must be made; the order of the nodes is not checked. Declared
// types are kept. Errors name the node, initializer, input or output.
Result<ir::Graph> graph_from_proto(onnx::GraphProto& proto, ExternalData& external,
                                   GraphPlace place);

// Nodes in topological order; constants that nothing reads are left out. With `value_info`
// the types of values between nodes are written too.
void graph_to_proto(const ir::Graph& graph, onnx::GraphProto& proto, bool value_info = false);

}  // namespace lathe::formats

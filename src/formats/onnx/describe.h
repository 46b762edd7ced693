// How messages name the nodes of a file.
#pragma once

#include <string>
#include <string_view>

namespace onnx {
class NodeProto;
}

namespace lathe::formats {

// "node conv1 (Conv)", or "node #7 (Conv)" for the eighth node of its graph without a name.
std::string describe_proto_node(const onnx::NodeProto& node, int index);

// "ai.onnx" is another word for the default domain.
std::string canonical_domain(std::string_view domain);

// "Conv", "com.microsoft.QGemm".
std::string qualified_operator(std::string_view domain, std::string_view op_type);

}  // namespace lathe::formats

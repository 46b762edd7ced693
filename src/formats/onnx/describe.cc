#include "formats/onnx/describe.h"

#include <onnx/onnx_pb.h>

#include "formats/onnx/names.h"

namespace lathe::formats {

std::string describe_proto_node(const onnx::NodeProto& node, int index) {
  const std::string label =
      node.name().empty() ? fmt::format("#{}", index) : printable(node.name());
  return fmt::format("node {} ({})", label, qualified_operator(node.domain(), node.op_type()));
}

std::string canonical_domain(std::string_view domain) {
  return domain == "ai.onnx" ? std::string() : std::string(domain);
}

std::string qualified_operator(std::string_view domain, std::string_view op_type) {
  const std::string shown = canonical_domain(domain);
  return shown.empty() ? printable(op_type)
                       : fmt::format("{}.{}", printable(shown), printable(op_type));
}

}  // namespace lathe::formats

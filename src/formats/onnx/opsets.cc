#include "formats/onnx/opsets.h"

#include <map>
#include <onnx/onnx_pb.h>
#include <vector>

#include "formats/onnx/describe.h"
#include "formats/onnx/names.h"
#include "formats/onnx/upgrades.h"
#include "ir/graph.h"
#include "ops/op_def.h"

namespace lathe::formats {
namespace {

struct Missing {
  std::string first;  // the first node, described
  std::string reason;
  std::int64_t nodes = 0;
};

// Operators that are not supported, in the order in which they turn up.
class Search {
 public:
  explicit Search(const Opsets& opsets) : opsets_(opsets) {}

  // Recursion is bounded by the wire check's limit on nested messages.
  void visit(const onnx::GraphProto& graph) {
    for (int i = 0; i < graph.node_size(); ++i) {
      const onnx::NodeProto& node = graph.node(i);
      // Nodes without a type are reported where the graph is read.
      if (!node.op_type().empty()) visit(node, i);
      for (const onnx::AttributeProto& attribute : node.attribute()) {
        if (attribute.has_g()) visit(attribute.g());
        for (const onnx::GraphProto& inner : attribute.graphs()) visit(inner);
      }
    }
  }

  Status status() const {
    if (order_.empty()) return {};
    constexpr std::size_t kMostNamed = 40;
    std::string message;
    for (std::size_t i = 0; i < std::min(order_.size(), kMostNamed); ++i) {
      const Missing& missing = *order_[i];
      if (i > 0) message += "; ";
      message += fmt::format("{}: {}", missing.first, missing.reason);
      if (missing.nodes > 1) message += fmt::format(" ({} such nodes)", missing.nodes);
    }
    if (order_.size() > kMostNamed) {
      message += fmt::format("; and {} more operators", order_.size() - kMostNamed);
    }
    return unsupported("{}; the model is at opset {}", message, opset_of(opsets_, ""));
  }

 private:
  void visit(const onnx::NodeProto& node, int index) {
    const std::string domain = canonical_domain(node.domain());
    const std::string reason = why_not(domain, node.op_type());
    if (reason.empty()) return;
    const auto [it, added] = missing_.try_emplace(
        std::pair(domain, node.op_type()), Missing{describe_proto_node(node, index), reason});
    if (added) order_.push_back(&it->second);
    ++it->second.nodes;
  }

  // Empty where the operator is read. Constant is no operator of ops/: reading makes constants of
  // it.
  std::string why_not(const std::string& domain, const std::string& op_type) const {
    const bool known =
        domain.empty() ? ops::find_op("", current_name(op_type)) != nullptr || op_type == "Constant"
                       : ops::find_op(domain, op_type) != nullptr;
    const auto versions = ops::signature_versions(domain, op_type);
    if (!known || versions.empty()) return "operator is not supported";
    const int opset = opset_of(opsets_, domain);
    if (opset == 0) {
      return domain.empty() ? "the model does not import the default domain"
                            : fmt::format("the model does not import domain '{}'", domain);
    }
    const ops::Signature* version = ops::find_signature(domain, op_type, opset);
    if (version == nullptr)
      return fmt::format("operator exists since opset {}", versions.front()->since);
    // One that others have replaced is upgraded.
    if (version->deprecated && version == versions.back())
      return fmt::format("operator was taken out by opset {}", version->since);
    return {};
  }

  const Opsets& opsets_;
  std::map<std::pair<std::string, std::string>, Missing> missing_;
  std::vector<const Missing*> order_;
};

}  // namespace

Result<Opsets> imported_opsets(const onnx::ModelProto& model) {
  if (model.opset_import().empty()) return invalid_data("the model imports no opset");
  Opsets opsets;
  for (const onnx::OperatorSetIdProto& opset : model.opset_import()) {
    const std::string domain = canonical_domain(opset.domain());
    const auto [it, added] = opsets.emplace(domain, opset.version());
    if (!added && it->second != opset.version()) {
      return invalid_data("opset_import: domain '{}' is there at versions {} and {}",
                          printable(domain), it->second, opset.version());
    }
  }
  return opsets;
}

Result<Opsets> readable_opsets(const onnx::ModelProto& model) {
  ASSIGN_OR_RETURN(const Opsets opsets, imported_opsets(model));
  for (const auto& [domain, version] : opsets) {
    const int newest = ops::newest_opset(domain);
    if (newest == 0) continue;  // its operators are refused one by one
    constexpr int oldest = 1;
    if (version >= oldest && version <= newest) continue;
    const std::string expected =
        oldest == newest ? fmt::to_string(newest) : fmt::format("{} to {}", oldest, newest);
    if (domain.empty())
      return unsupported("opset {} is not supported, expected {}", version, expected);
    return unsupported("opset {} of domain '{}' is not supported, expected {}", version,
                       printable(domain), expected);
  }
  return opsets;
}

int opset_of(const Opsets& opsets, std::string_view domain) {
  const auto it = opsets.find(domain);
  return it == opsets.end() ? 0 : static_cast<int>(it->second);
}

Status check_operators(const onnx::ModelProto& model, const Opsets& opsets) {
  Search search(opsets);
  search.visit(model.graph());
  return search.status();
}

}  // namespace lathe::formats

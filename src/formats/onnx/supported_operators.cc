#include "formats/onnx/supported_operators.h"

#include <map>
#include <onnx/onnx_pb.h>
#include <vector>

#include "formats/onnx/describe.h"
#include "formats/onnx/handlers.h"
#include "formats/onnx/names.h"

namespace lathe::formats {
namespace {

using Opsets = std::map<std::string, std::int64_t, std::less<>>;

struct Missing {
  std::string first;  // the first node, described
  std::string reason;
  std::int64_t nodes = 0;
};

// Operators that are not supported, in the order in which they turn up.
class Search {
 public:
  Search(const Opsets& opsets, int opset) : opsets_(opsets), opset_(opset) {}

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
    return unsupported("{}; the model is at opset {}", message, opset_);
  }

 private:
  void visit(const onnx::NodeProto& node, int index) {
    const std::string domain = canonical_domain(node.domain());
    const OperatorHandler* handler = find_handler(domain, node.op_type());
    const auto imported = opsets_.find(domain);
    std::string reason;
    if (handler == nullptr) {
      reason = "operator is not supported";
    } else if (imported == opsets_.end()) {
      reason = domain.empty() ? "the model does not import the default domain"
                              : fmt::format("the model does not import domain '{}'", domain);
    } else if (imported->second < handler->since) {
      reason = fmt::format("operator exists since opset {}", handler->since);
    } else {
      return;
    }
    const auto [it, added] =
        missing_.try_emplace(std::pair(domain, node.op_type()),
                             Missing{describe_proto_node(node, index), std::move(reason)});
    if (added) order_.push_back(&it->second);
    ++it->second.nodes;
  }

  const Opsets& opsets_;
  int opset_;
  std::map<std::pair<std::string, std::string>, Missing> missing_;
  std::vector<const Missing*> order_;
};

}  // namespace

Result<Opsets> imported_opsets(const onnx::ModelProto& model) {
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

Result<int> model_opset(const onnx::ModelProto& model) {
  ASSIGN_OR_RETURN(const auto opsets, imported_opsets(model));
  if (const auto it = opsets.find(std::string(ir::kLatheDomain));
      it != opsets.end() && it->second != ir::kLatheOpset) {
    return unsupported("opset {} of domain '{}' is not supported, expected {}", it->second,
                       ir::kLatheDomain, ir::kLatheOpset);
  }
  const auto it = opsets.find("");
  // Allowed to a model that uses no operator of the default domain.
  if (it == opsets.end()) return ir::kCanonicalOpset;
  if (it->second < kOldestOpset || it->second > kNewestOpset) {
    return unsupported("opset {} is not supported, expected {} to {}", it->second, kOldestOpset,
                       kNewestOpset);
  }
  return static_cast<int>(it->second);
}

Status check_operators(const onnx::ModelProto& model, int opset) {
  ASSIGN_OR_RETURN(const auto opsets, imported_opsets(model));
  Search search(opsets, opset);
  search.visit(model.graph());
  return search.status();
}

}  // namespace lathe::formats

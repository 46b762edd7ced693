#include "formats/onnx/inline_functions.h"

#include <google/protobuf/unknown_field_set.h>
#include <map>
#include <onnx/onnx_pb.h>
#include <set>
#include <tuple>
#include <vector>

#include "formats/onnx/describe.h"
#include "formats/onnx/names.h"
#include "formats/onnx/opsets.h"
#include "ops/signature.h"

namespace lathe::formats {
namespace {

// What a small file can ask for: functions that call functions double the nodes at each level.
constexpr std::size_t kMostNodes = 1'000'000;
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

// Fields that older versions of onnx.proto lack come as unknown ones.
constexpr int kFunctionAttributeProto = 11;
constexpr int kFunctionOverload = 13;
constexpr int kNodeOverload = 8;

template <typename Message>
std::string unknown_text(const Message& message, int field) {
  std::string text;
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& found = unknown.field(i);
    if (found.number() == field &&
        found.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      text = found.length_delimited();
  }
  return text;
}

// Domain, name, overload.
using FunctionKey = std::tuple<std::string, std::string, std::string>;

struct Function {
  const onnx::FunctionProto* proto = nullptr;
  std::map<std::string, onnx::AttributeProto> defaults;
};

std::string describe(const Function& function) {
  return fmt::format("function '{}'",
                     printable(qualified_operator(canonical_domain(function.proto->domain()),
                                                  function.proto->name())));
}

Status read_defaults(Function& function) {
  const auto& unknown = function.proto->GetReflection()->GetUnknownFields(*function.proto);
  for (int i = 0; i < unknown.field_count(); ++i) {
    if (unknown.field(i).number() != kFunctionAttributeProto) continue;
    onnx::AttributeProto attribute;
    if (unknown.field(i).type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED ||
        !attribute.ParseFromString(unknown.field(i).length_delimited()))
      return invalid_data("{}: attribute_proto is not a valid AttributeProto", describe(function));
    std::string name = attribute.name();
    function.defaults.emplace(std::move(name), std::move(attribute));
  }
  return {};
}

// The names of one call: inner ones get a prefix, those of inputs and outputs are the caller's.
class Scope {
 public:
  explicit Scope(std::string prefix) : prefix_(std::move(prefix)) {}
  void set(const std::string& inner, const std::string& outer) { names_[inner] = outer; }
  [[nodiscard]] std::string operator()(const std::string& inner) const {
    if (inner.empty()) return inner;
    const auto known = names_.find(inner);
    return known == names_.end() ? prefix_ + inner : known->second;
  }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
  std::map<std::string, std::string> names_;
};

class Inliner {
 public:
  explicit Inliner(onnx::ModelProto& model) : model_(model) {}

  Status run() {
    for (const onnx::FunctionProto& proto : model_.functions()) {
      Function function{&proto, {}};
      RETURN_IF_ERROR(read_defaults(function));
      const FunctionKey key{canonical_domain(proto.domain()), proto.name(),
                            unknown_text(proto, kFunctionOverload)};
      if (!functions_.emplace(key, function).second)
        return invalid_data("{} is there twice", describe(function));
    }
    ASSIGN_OR_RETURN(opsets_, imported_opsets(model_));
    RETURN_IF_ERROR(expand(*model_.mutable_graph()));
    for (const auto& [domain, version] : added_opsets_) {
      onnx::OperatorSetIdProto& opset = *model_.add_opset_import();
      opset.set_domain(domain);
      opset.set_version(version);
    }
    functions_.clear();
    model_.clear_functions();
    return {};
  }

 private:
  [[nodiscard]] const Function* find(const onnx::NodeProto& node) const {
    const auto found = functions_.find(
        {canonical_domain(node.domain()), node.op_type(), unknown_text(node, kNodeOverload)});
    return found == functions_.end() ? nullptr : &found->second;
  }

  Status expand(onnx::GraphProto& graph) {
    google::protobuf::RepeatedPtrField<onnx::NodeProto> given;
    given.Swap(graph.mutable_node());
    for (int i = 0; i < given.size(); ++i) {
      onnx::NodeProto& node = *given.Mutable(i);
      RETURN_IF_ERROR(expand_subgraphs(node));
      const Function* function = find(node);
      if (function == nullptr) {
        graph.add_node()->Swap(&node);
      } else {
        RETURN_IF_ERROR(call(*function, node, graph).with_context(describe_proto_node(node, i)));
      }
    }
    return {};
  }

  Status expand_subgraphs(onnx::NodeProto& node) {
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) RETURN_IF_ERROR(expand(*attribute.mutable_g()));
      for (onnx::GraphProto& inner : *attribute.mutable_graphs()) RETURN_IF_ERROR(expand(inner));
    }
    return {};
  }

  // Adds the function's nodes to the graph in place of the node that calls it.
  Status call(const Function& function, const onnx::NodeProto& node, onnx::GraphProto& graph) {
    const onnx::FunctionProto& proto = *function.proto;
    if (!active_.insert(&proto).second) return invalid_data("{} calls itself", describe(function));
    RETURN_IF_ERROR(check_opsets(function));
    if (node.input_size() > proto.input_size() || node.output_size() > proto.output_size()) {
      return invalid_data("{} has {} inputs and {} outputs, the call {} and {}", describe(function),
                          proto.input_size(), proto.output_size(), node.input_size(),
                          node.output_size());
    }
    const std::string label = node.name().empty() ? node.op_type() : node.name();
    Scope scope(fmt::format("{}.{}/", label, ++calls_));
    std::set<std::string> inputs;
    for (int i = 0; i < proto.input_size(); ++i) {
      scope.set(proto.input(i), i < node.input_size() ? node.input(i) : "");
      inputs.insert(proto.input(i));
    }
    std::vector<std::pair<std::string, std::string>> copies;  // from, to
    std::set<std::string> named;
    for (int i = 0; i < node.output_size(); ++i) {
      if (node.output(i).empty()) continue;
      const std::string& inner = proto.output(i);
      if (inputs.contains(inner) || !named.insert(inner).second) {
        copies.emplace_back(scope(inner), node.output(i));
      } else {
        scope.set(inner, node.output(i));
      }
    }
    onnx::GraphProto body;
    for (const onnx::NodeProto& inner : proto.node()) {
      onnx::NodeProto& made = *body.add_node();
      made = inner;
      if (++nodes_ > kMostNodes || (bytes_ += made.ByteSizeLong()) > kMostBytes) {
        return error(ErrorCode::kResourceExhausted,
                     "with its functions in place the model has more than {} nodes or {} bytes",
                     kMostNodes, kMostBytes);
      }
      rename(made, scope);
      substitute(made, function, node);
    }
    RETURN_IF_ERROR(expand(body));
    for (onnx::NodeProto& made : *body.mutable_node()) graph.add_node()->Swap(&made);
    for (const auto& [from, to] : copies) {
      onnx::NodeProto& identity = *graph.add_node();
      identity.set_op_type("Identity");
      identity.add_input(from);
      identity.add_output(to);
    }
    active_.erase(&proto);
    return {};
  }

  static void rename(onnx::NodeProto& node, const Scope& scope) {
    if (!node.name().empty()) node.set_name(scope.prefix() + node.name());
    for (std::string& name : *node.mutable_input()) name = scope(name);
    for (std::string& name : *node.mutable_output()) name = scope(name);
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) rename(*attribute.mutable_g(), scope);
      for (onnx::GraphProto& inner : *attribute.mutable_graphs()) rename(inner, scope);
    }
  }

  static void rename(onnx::GraphProto& graph, const Scope& scope) {
    for (onnx::NodeProto& node : *graph.mutable_node()) rename(node, scope);
    for (auto* infos : {graph.mutable_input(), graph.mutable_output(), graph.mutable_value_info()})
      for (onnx::ValueInfoProto& info : *infos) info.set_name(scope(info.name()));
    for (onnx::TensorProto& tensor : *graph.mutable_initializer())
      tensor.set_name(scope(tensor.name()));
  }

  // Attributes that refer to the function's become what the call gives, or the default; they are
  // left out where there is neither.
  static void substitute(onnx::NodeProto& node, const Function& function,
                         const onnx::NodeProto& call) {
    google::protobuf::RepeatedPtrField<onnx::AttributeProto> given;
    given.Swap(node.mutable_attribute());
    for (onnx::AttributeProto& attribute : given) {
      if (attribute.has_g()) substitute(*attribute.mutable_g(), function, call);
      for (onnx::GraphProto& inner : *attribute.mutable_graphs()) substitute(inner, function, call);
      if (attribute.ref_attr_name().empty()) {
        node.add_attribute()->Swap(&attribute);
        continue;
      }
      const onnx::AttributeProto* value = nullptr;
      for (const onnx::AttributeProto& own : call.attribute())
        if (own.name() == attribute.ref_attr_name()) value = &own;
      const auto fallback = function.defaults.find(attribute.ref_attr_name());
      if (value == nullptr && fallback != function.defaults.end()) value = &fallback->second;
      if (value == nullptr) continue;
      onnx::AttributeProto& filled = *node.add_attribute();
      filled = *value;
      filled.set_name(attribute.name());
    }
  }

  static void substitute(onnx::GraphProto& graph, const Function& function,
                         const onnx::NodeProto& call) {
    for (onnx::NodeProto& node : *graph.mutable_node()) substitute(node, function, call);
  }

  // Nodes of a function are read at the model's opsets.
  Status check_opsets(const Function& function) {
    for (const onnx::OperatorSetIdProto& import : function.proto->opset_import()) {
      const std::string domain = canonical_domain(import.domain());
      const auto [known, is_new] = opsets_.emplace(domain, import.version());
      if (is_new) added_opsets_.emplace(domain, import.version());
      if (known->second == import.version()) continue;
      for (const onnx::NodeProto& node : function.proto->node()) {
        if (canonical_domain(node.domain()) != domain || find(node) != nullptr) continue;
        const auto version_at = [&](std::int64_t opset) {
          return ops::find_signature(domain, node.op_type(), static_cast<int>(opset));
        };
        if (version_at(import.version()) == version_at(known->second)) continue;
        return unsupported(
            "{}: is at opset {} of domain '{}', the model at {}, and {} differs between them",
            describe(function), import.version(), printable(domain), known->second,
            printable(node.op_type()));
      }
    }
    return {};
  }

  onnx::ModelProto& model_;
  std::map<FunctionKey, Function> functions_;
  std::set<const onnx::FunctionProto*> active_;
  Opsets opsets_;
  Opsets added_opsets_;
  std::size_t calls_ = 0;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Status inline_functions(onnx::ModelProto& model) {
  if (model.functions_size() == 0) return {};
  return Inliner(model).run();
}

}  // namespace lathe::formats

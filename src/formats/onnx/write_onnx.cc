#include "formats/onnx/write_onnx.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <onnx/onnx_pb.h>

#include "base/progress.h"
#include "base/stream.h"
#include "formats/onnx/convert_graph.h"
#include "formats/onnx/data_file.h"
#include "formats/onnx/lower_opset.h"
#include "formats/onnx/opsets.h"
#include "ops/infer_shapes.h"
#include "ops/signature.h"

namespace lathe::formats {
namespace {

// The version of the format that came with an opset, for readers of that time. Weights without an
// input of their own need 4.
int ir_version(std::int64_t opset) {
  constexpr std::pair<int, int> kFrom[] = {{28, 14}, {25, 13}, {24, 12}, {23, 11}, {21, 10},
                                           {19, 9},  {15, 8},  {12, 7},  {11, 6},  {10, 5}};
  for (const auto& [first, version] : kFrom)
    if (opset >= first) return version;
  return 4;
}

// Behind a multiple of this each external tensor begins, so that a mapped file can be used in place
// by the widest vector instructions.
constexpr std::size_t kExternalAlignment = 64;

// The newest opset of a domain that has an operator: it may have been taken out since.
int newest_opset_with(const ir::Node& node) {
  const ops::Signature& last = *ops::signature_versions(node.domain, node.op_type).back();
  return last.deprecated ? last.since - 1 : ops::newest_opset(node.domain);
}

// The domains beside the default one of a graph's nodes and of graphs inside them, at the newest
// opsets of ops/ that have all these operators.
void add_domains(const ir::Graph& graph, Opsets& opsets) {
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    if (!node.domain.empty()) {
      const int opset = newest_opset_with(node);
      const auto [known, added] = opsets.emplace(node.domain, opset);
      if (!added) known->second = std::min<std::int64_t>(known->second, opset);
    }
    for (const ir::Subgraph* subgraph : ir::subgraphs(node)) add_domains(*subgraph->graph, opsets);
  }
}

// No opset has both an operator that it brought and one that it took out.
Status check_opsets(const ir::Graph& graph, const Opsets& opsets) {
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    const auto opset = static_cast<int>(opsets.find(node.domain)->second);
    if (!node.domain.empty() && ops::find_signature(node.domain, node.op_type, opset) == nullptr) {
      return unsupported(
          "node {}: an operator of the model is no more in the opset that has this "
          "one",
          ir::describe_node(graph, id));
    }
    for (const ir::Subgraph* subgraph : ir::subgraphs(node))
      RETURN_IF_ERROR(check_opsets(*subgraph->graph, opsets));
  }
  return {};
}

// Runtimes of the last years read this one, and ours were written at it from the beginning.
constexpr int kLeastOpset = 21;

// The graph as it is written, and the opsets that its nodes are at.
struct Written {
  ir::Graph graph;
  Opsets opsets;
};

Result<Written> bring_to_opset(ir::Graph graph, const std::optional<int>& opset) {
  if (!graph.opsets.empty()) {
    if (opset) return unsupported("a model with operators that Lathe lacks keeps its opset");
    Opsets opsets = graph.opsets;
    return Written{std::move(graph), std::move(opsets)};
  }
  AtOpset at;
  if (opset) {
    ASSIGN_OR_RETURN(at.graph, lower_opset(graph, *opset));
    at.opset = *opset;
  } else {
    ASSIGN_OR_RETURN(at, oldest_opset(graph, kLeastOpset));
  }
  Opsets opsets{{"", at.opset}};
  add_domains(at.graph, opsets);
  RETURN_IF_ERROR(check_opsets(at.graph, opsets));
  return Written{std::move(at.graph), std::move(opsets)};
}

Status check_domains(const ir::Graph& graph) {
  if (!graph.opsets.empty()) return {};
  for (const ir::NodeId id : graph.node_ids()) {
    const std::string& domain = graph.node(id).domain;
    if (!domain.empty() && ops::newest_opset(domain) == 0) {
      return unsupported("node {}: domain '{}' cannot be written", ir::describe_node(graph, id),
                         domain);
    }
  }
  return {};
}

Result<onnx::ModelProto> model_to_proto(const ir::Graph& given, bool value_info,
                                        const std::optional<int>& opset) {
  RETURN_IF_ERROR(given.verify());
  RETURN_IF_ERROR(check_domains(given));
  ir::Graph graph = given;
  // The specification wants outputs to have types; a graph fresh from a builder has none.
  const bool canonical = graph.opsets.empty();
  if (canonical) RETURN_IF_ERROR(ops::infer_shapes(graph));
  ASSIGN_OR_RETURN(const Written written, bring_to_opset(std::move(graph), opset));
  onnx::ModelProto model;
  // Files of others may say less than they use: 10 and more does no harm to those.
  const auto standard = written.opsets.find("");
  const std::int64_t at = standard == written.opsets.end() ? 0 : standard->second;
  model.set_ir_version(canonical ? ir_version(at) : std::max(10, ir_version(at)));
  model.set_producer_name("lathe");
  model.set_producer_version(LATHE_VERSION);
  for (const auto& [domain, version] : written.opsets) {
    onnx::OperatorSetIdProto& imported = *model.add_opset_import();
    imported.set_domain(domain);
    imported.set_version(version);
  }
  // What was declared of a graph with unknown operators cannot be inferred again.
  graph_to_proto(written.graph, *model.mutable_graph(), value_info || !canonical);
  for (const auto& [key, value] : given.metadata) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  return model;
}

Result<std::string> to_bytes(const onnx::ModelProto& model) {
  const std::size_t size = model.ByteSizeLong();
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return error(ErrorCode::kResourceExhausted,
                 "the model has {}, but protobuf allows less than 2 GiB: write its weights as "
                 "external data",
                 format_bytes(static_cast<double>(size)));
  }
  std::string bytes;
  if (!model.SerializeToString(&bytes)) {
    return error(ErrorCode::kInternal, "protobuf could not serialize the model");
  }
  return bytes;
}

void add_entry(onnx::TensorProto& tensor, std::string_view key, std::string value) {
  onnx::StringStringEntryProto& entry = *tensor.add_external_data();
  entry.set_key(std::string(key));
  entry.set_value(std::move(value));
}

void align_external(std::string& data) {
  data.resize((data.size() + kExternalAlignment - 1) / kExternalAlignment * kExternalAlignment);
}

bool is_large(const onnx::TensorProto& tensor, std::int64_t threshold) {
  return !tensor.raw_data().empty() &&
         static_cast<std::int64_t>(tensor.raw_data().size()) >= threshold;
}

// Moves the elements of an initializer to the end of `data`.
void move_out(onnx::TensorProto& tensor, const std::string& location, std::string& data) {
  const std::unique_ptr<std::string> bytes(tensor.release_raw_data());
  align_external(data);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  add_entry(tensor, "location", location);
  add_entry(tensor, "offset", std::to_string(data.size()));
  add_entry(tensor, "length", std::to_string(bytes->size()));
  data += *bytes;
}

// Moves the large initializers of the outermost graph out, and gives their bytes. Where they are
// stays empty, for set_location.
std::string move_out_weights(onnx::ModelProto& model, std::int64_t threshold) {
  std::string data;
  for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer())
    if (is_large(tensor, threshold)) move_out(tensor, "", data);
  return data;
}

void set_location(onnx::ModelProto& model, const std::string& location) {
  for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) continue;
    tensor.mutable_external_data(0)->set_value(location);
  }
}

Status write_files(const ir::Graph& graph, const Path& path, const WriteOptions& options) {
  if (options.external_data && is_stream(path)) {
    return invalid_argument(
        "{}: external data lie beside a model in a folder, expected the name of a file there",
        path.string());
  }
  auto model = model_to_proto(graph, options.value_info, options.opset);
  if (!model.ok()) return model.error().with_context(path.string());
  TemporaryFile data_file;
  if (options.external_data) {
    const std::string data = move_out_weights(*model, options.external_threshold_bytes);
    if (!data.empty()) {
      ASSIGN_OR_RETURN(data_file, write_data_file(path, data));
      set_location(*model, data_file.path().filename().string());
    }
  }
  const auto bytes = to_bytes(*model);
  if (!bytes.ok()) return bytes.error().with_context(path.string());
  ASSIGN_OR_RETURN(TemporaryFile replaced, replace_file_atomic(path, *bytes));
  data_file.keep();
  if (replaced.exists()) remove_replaced_data(std::move(replaced), path);
  return {};
}

template <typename Body>
auto guarded(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& exception) {
    return error(ErrorCode::kResourceExhausted, "the model cannot be written: {}",
                 exception.what());
  }
}

}  // namespace

Status write_onnx(const ir::Graph& graph, const Path& path, const WriteOptions& options) {
  return guarded([&] { return write_files(graph, path, options); });
}

Result<std::string> serialize_onnx(const ir::Graph& graph, const std::optional<int>& opset) {
  return guarded([&]() -> Result<std::string> {
    ASSIGN_OR_RETURN(const onnx::ModelProto model, model_to_proto(graph, false, opset));
    return to_bytes(model);
  });
}

Result<std::string> serialize_onnx_detached(const ir::Graph& graph, int opset,
                                            FunctionRef<DetachedData&(ir::ValueId)> data) {
  constexpr std::int64_t kThreshold = 1024;
  return guarded([&]() -> Result<std::string> {
    ASSIGN_OR_RETURN(onnx::ModelProto model, model_to_proto(graph, false, opset));
    for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
      const auto id = graph.find_value(tensor.name());
      if (!id || !is_large(tensor, kThreshold)) continue;
      DetachedData& to = data(*id);
      move_out(tensor, to.location, to.bytes);
    }
    return to_bytes(model);
  });
}

}  // namespace lathe::formats

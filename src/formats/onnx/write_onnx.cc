#include "formats/onnx/write_onnx.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <onnx/onnx_pb.h>

#include "base/progress.h"
#include "formats/onnx/convert_graph.h"
#include "ops/infer_shapes.h"

namespace lathe::formats {
namespace {

constexpr int kIrVersion = 10;
// Behind a multiple of this each external tensor begins, so that a mapped file can be used in place
// by the widest vector instructions.
constexpr std::size_t kExternalAlignment = 64;

bool uses_lathe_domain(const ir::Graph& graph) {
  const auto ids = graph.node_ids();
  return std::any_of(ids.begin(), ids.end(),
                     [&](ir::NodeId id) { return graph.node(id).domain == ir::kLatheDomain; });
}

// Of a canonical graph: what it uses.
std::map<std::string, std::int64_t, std::less<>> opsets_of(const ir::Graph& graph) {
  if (!graph.opsets.empty()) return graph.opsets;
  std::map<std::string, std::int64_t, std::less<>> opsets{{"", ir::kCanonicalOpset}};
  if (uses_lathe_domain(graph)) opsets.emplace(ir::kLatheDomain, ir::kLatheOpset);
  return opsets;
}

Status check_domains(const ir::Graph& graph) {
  if (!graph.opsets.empty()) return {};
  for (const ir::NodeId id : graph.node_ids()) {
    const std::string& domain = graph.node(id).domain;
    if (!domain.empty() && domain != ir::kLatheDomain) {
      return unsupported("node {}: domain '{}' cannot be written", ir::describe_node(graph, id),
                         domain);
    }
  }
  return {};
}

bool has_types_to_write(const ir::Graph& graph) {
  return std::all_of(graph.outputs().begin(), graph.outputs().end(), [&](ir::ValueId id) {
    return graph.value(id).type.data_type != ir::DataType::kUndefined;
  });
}

Result<onnx::ModelProto> model_to_proto(const ir::Graph& given, bool value_info) {
  RETURN_IF_ERROR(given.verify());
  RETURN_IF_ERROR(check_domains(given));
  ir::Graph graph = given;
  // The specification wants outputs to have types; a graph fresh from a builder has none.
  const bool canonical = graph.opsets.empty();
  if (canonical && (value_info || !has_types_to_write(graph))) {
    RETURN_IF_ERROR(ops::infer_shapes(graph));
  }
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("lathe");
  model.set_producer_version(LATHE_VERSION);
  for (const auto& [domain, version] : opsets_of(graph)) {
    onnx::OperatorSetIdProto& opset = *model.add_opset_import();
    opset.set_domain(domain);
    opset.set_version(version);
  }
  // What was declared of a graph with unknown operators cannot be inferred again.
  graph_to_proto(graph, *model.mutable_graph(), value_info || !canonical);
  for (const auto& [key, value] : graph.metadata) {
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

// Moves the large initializers of the outermost graph out, and gives their bytes.
std::string move_out_weights(onnx::ModelProto& model, const std::string& location,
                             std::int64_t threshold) {
  std::string data;
  for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    if (!tensor.has_raw_data() || tensor.raw_data().empty() ||
        static_cast<std::int64_t>(tensor.raw_data().size()) < threshold) {
      continue;
    }
    const std::unique_ptr<std::string> bytes(tensor.release_raw_data());
    data.resize((data.size() + kExternalAlignment - 1) / kExternalAlignment * kExternalAlignment);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    add_entry(tensor, "location", location);
    add_entry(tensor, "offset", std::to_string(data.size()));
    add_entry(tensor, "length", std::to_string(bytes->size()));
    data += *bytes;
  }
  return data;
}

Status write_files(const ir::Graph& graph, const Path& path, const WriteOptions& options) {
  auto model = model_to_proto(graph, options.value_info);
  if (!model.ok()) return model.error().with_context(path.string());
  if (options.external_data) {
    const Path data_path = path.string() + ".data";
    const std::string data =
        move_out_weights(*model, data_path.filename().string(), options.external_threshold_bytes);
    if (!data.empty()) RETURN_IF_ERROR(write_file_atomic(data_path, data));
  }
  const auto bytes = to_bytes(*model);
  if (!bytes.ok()) return bytes.error().with_context(path.string());
  return write_file_atomic(path, *bytes);
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

Result<std::string> serialize_onnx(const ir::Graph& graph) {
  return guarded([&]() -> Result<std::string> {
    ASSIGN_OR_RETURN(const onnx::ModelProto model, model_to_proto(graph, false));
    return to_bytes(model);
  });
}

}  // namespace lathe::formats

#include "formats/onnx/read_onnx.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <new>
#include <onnx/onnx-data_pb.h>
#include <onnx/onnx_pb.h>

#include "base/progress.h"
#include "formats/onnx/canonicalize.h"
#include "formats/onnx/convert_graph.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/convert_value.h"
#include "formats/onnx/inline_functions.h"
#include "formats/onnx/names.h"
#include "formats/onnx/opsets.h"

namespace lathe::formats {
namespace {

constexpr std::int64_t kOldestIrVersion = 3;
// Versions behind 10 added element types, which are refused where they occur, and fields that may
// be ignored.
constexpr std::int64_t kNewestIrVersion = 14;

// Payloads of this size are worth a look-up each.
constexpr std::size_t kLeastPayload = 4096;

template <typename Message>
Status parse_message(std::span<const std::byte> bytes, const WireMessage& type,
                     const WireLimits& limits, Payloads& payloads, Message& message) {
  if (bytes.empty()) return invalid_data("the file is empty");
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return error(
        ErrorCode::kResourceExhausted,
        "the model has {}, but protobuf allows less than 2 GiB: its weights must be stored "
        "as external data",
        format_bytes(static_cast<double>(bytes.size())));
  }
  RETURN_IF_ERROR(check_wire(bytes, type, limits));
  if (!message.ParseFromString(cut_payloads(bytes, type, kLeastPayload, payloads))) {
    return invalid_data("not a valid {}", type.name);
  }
  return {};
}

Status read_metadata(const onnx::ModelProto& model, ir::Graph& graph) {
  for (const onnx::StringStringEntryProto& entry : model.metadata_props()) {
    RETURN_IF_ERROR(check_name(entry.key(), "metadata key"));
    const std::string place = fmt::format("metadata '{}'", printable(entry.key()));
    if (!is_valid_utf8(entry.value())) return invalid_data("{} is not UTF-8", place);
    if (!graph.metadata.emplace(entry.key(), entry.value()).second) {
      return invalid_data("{} is there twice", place);
    }
  }
  return {};
}

Result<ir::Graph> parse_model(std::span<const std::byte> bytes, const ReadOptions& options,
                              ExternalData& external) {
  onnx::ModelProto model;
  RETURN_IF_ERROR(parse_message(bytes, model_message(), options.limits, external.payloads, model));
  if (model.ir_version() < kOldestIrVersion || model.ir_version() > kNewestIrVersion) {
    return unsupported("ir_version {} is not supported, expected {} to {}", model.ir_version(),
                       kOldestIrVersion, kNewestIrVersion);
  }
  if (model.has_graph()) RETURN_IF_ERROR(inline_functions(model));
  const bool keep = options.unknown_operators == UnknownOperators::kKeep;
  auto opsets = readable_opsets(model);
  if (!opsets.ok() && !keep) return opsets.error();
  if (!model.has_graph()) return invalid_data("the model has no graph");
  const Status known = opsets.ok() ? check_operators(model, *opsets) : opsets.error();
  if (!known.ok() && !keep) return known.error();
  ASSIGN_OR_RETURN(ir::Graph graph,
                   graph_from_proto(*model.mutable_graph(), external, GraphPlace::kOutermost));
  RETURN_IF_ERROR(read_metadata(model, graph));
  if (known.ok()) {
    RETURN_IF_ERROR(canonicalize(graph, *opsets));
  } else {
    ASSIGN_OR_RETURN(graph.opsets, imported_opsets(model));
    RETURN_IF_ERROR(graph.verify());
  }
  return graph;
}

Result<std::vector<Path>> parse_external_files(std::span<const std::byte> bytes,
                                               const Path& folder) {
  onnx::ModelProto model;
  Payloads ignored;
  RETURN_IF_ERROR(parse_message(bytes, model_message(), {}, ignored, model));
  std::vector<Path> files;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) continue;
    for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
      if (entry.key() != "location" || !check_location(entry.value()).ok()) continue;
      Path file = folder / entry.value();
      if (std::find(files.begin(), files.end(), file) == files.end())
        files.push_back(std::move(file));
    }
  }
  return files;
}

template <typename Message>
Result<ir::Datum> parse_container(std::span<const std::byte> bytes, const WireMessage& message,
                                  const ir::Type& type) {
  Message proto;
  ExternalData none(std::nullopt);
  RETURN_IF_ERROR(parse_message(bytes, message, {}, none.payloads, proto));
  return value_from_proto(proto, type, none);
}

Result<ir::Tensor> parse_tensor(std::span<const std::byte> bytes) {
  onnx::TensorProto proto;
  ExternalData none(std::nullopt);
  RETURN_IF_ERROR(parse_message(bytes, tensor_message(), {}, none.payloads, proto));
  return tensor_from_proto(proto, none);
}

// The edge where exceptions end: allocations and protobuf may throw.
template <typename Body>
auto guarded(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return error(ErrorCode::kResourceExhausted, "no memory left to read it");
  } catch (const std::exception& exception) {
    return error(ErrorCode::kInternal, "cannot be read: {}", exception.what());
  }
}

}  // namespace

Result<ir::Graph> read_onnx(const Path& path, UnknownOperators unknown_operators) {
  const ReadOptions options{.folder_for_external_data = path.parent_path(),
                            .unknown_operators = unknown_operators};
  constexpr int kAttempts = 10;
  for (int i = 0; i < kAttempts; ++i) {
    ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
    ExternalData external(options.folder_for_external_data);
    external.payloads_are_mapped = true;
    auto graph = guarded([&] { return parse_model(file.bytes(), options, external); });
    // Data are those of this model as long as it is there (data_file.h); those of one that has been
    // replaced may be gone, or others by now.
    if (!external.was_asked() || !file.is_replaced(path)) {
      return std::move(graph).with_context(path.string());
    }
  }
  return error(ErrorCode::kUnavailable,
               "{}: was replaced {} times while it was read; read it when its writer is done",
               path.string(), kAttempts);
}

Result<ir::Graph> parse_onnx(std::span<const std::byte> bytes, const ReadOptions& options) {
  ExternalData external(options.folder_for_external_data);
  for (const auto& [location, lent] : options.lent_data) external.lend(location, lent);
  return guarded([&] { return parse_model(bytes, options, external); });
}

Result<std::vector<Path>> external_data_files(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return guarded([&] { return parse_external_files(file.bytes(), path.parent_path()); })
      .with_context(path.string());
}

std::int64_t size_of_model(const Path& path) {
  std::vector<Path> files{path};
  if (const auto external = external_data_files(path); external.ok())
    files.insert(files.end(), external->begin(), external->end());
  std::int64_t size = 0;
  for (const Path& file : files) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(file, failed);
    if (!failed) size += static_cast<std::int64_t>(bytes);
  }
  return size;
}

Result<ir::Datum> read_onnx_value(const Path& path, const ir::Type& type) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return parse_onnx_value(file.bytes(), type).with_context(path.string());
}

Result<ir::Datum> parse_onnx_value(std::span<const std::byte> bytes, const ir::Type& type) {
  return guarded([&]() -> Result<ir::Datum> {
    switch (type.kind()) {
      case ir::Type::Kind::kSequence:
        return parse_container<onnx::SequenceProto>(bytes, sequence_message(), type);
      case ir::Type::Kind::kOptional:
        return parse_container<onnx::OptionalProto>(bytes, optional_message(), type);
      case ir::Type::Kind::kMap:
        return parse_container<onnx::MapProto>(bytes, map_message(), type);
      case ir::Type::Kind::kTensor:
        break;
    }
    ASSIGN_OR_RETURN(ir::Tensor tensor, parse_tensor(bytes));
    return ir::Datum(std::move(tensor));
  });
}

Result<ir::Tensor> read_onnx_tensor(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return parse_onnx_tensor(file.bytes()).with_context(path.string());
}

Result<ir::Tensor> parse_onnx_tensor(std::span<const std::byte> bytes) {
  return guarded([&] { return parse_tensor(bytes); });
}

}  // namespace lathe::formats

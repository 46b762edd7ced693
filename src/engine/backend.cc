#include "engine/backend.h"

#include <array>
#include <fmt/ranges.h>

#include "base/cpu.h"
#include "engine/backends/automatic.h"
#include "engine/backends/native.h"
#include "engine/backends/onnxruntime.h"
#include "engine/backends/openvino.h"
#include "engine/backends/reference.h"
#include "engine/request_queue.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {

std::string_view precision_name(Precision precision) {
  constexpr std::string_view kNames[] = {"f32", "bf16", "f16"};
  return kNames[static_cast<std::size_t>(precision)];
}

Result<Precision> parse_precision(std::string_view name) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16, Precision::kFloat16})
    if (name == precision_name(precision)) return precision;
  return invalid_argument("unknown precision '{}': known are f32, bf16, f16", name);
}

Concurrency resolve_concurrency(const CompileOptions& options) {
  const int cores = allowed_cores();
  Concurrency result{options.threads, options.streams};
  if (result.streams <= 0) {
    result.streams = options.preference == Preference::kLatency
                         ? 1
                         : std::max(1, cores / std::max(1, options.threads));
  }
  if (result.threads <= 0) result.threads = std::max(1, cores / result.streams);
  return result;
}

Executable::Executable(int streams) : streams_(std::max(1, streams)) {}
Executable::~Executable() = default;

std::future<Outputs> Executable::submit(std::vector<ir::Tensor> inputs,
                                        Completion completion) const {
  std::call_once(first_request_, [this] {
    std::vector<std::unique_ptr<Context>> contexts;
    for (int i = 0; i < streams_; ++i) contexts.push_back(new_context());
    queue_ = std::make_unique<RequestQueue>(std::move(contexts));
  });
  return queue_->submit(std::move(inputs), completion);
}

std::span<const Backend* const> backends() {
  static const std::array<const Backend*, 4> all = {&native_backend(), &reference_backend(),
                                                    &onnxruntime_backend(), &openvino_backend()};
  return all;
}

Result<const Backend*> find_backend(std::string_view name) {
  if (name == automatic_backend().name()) return &automatic_backend();
  std::vector<std::string_view> names{automatic_backend().name()};
  for (const Backend* backend : backends()) {
    if (backend->name() == name) return backend;
    names.push_back(backend->name());
  }
  return error(ErrorCode::kNotFound, "unknown backend '{}': known are {}", name,
               fmt::join(names, ", "));
}

namespace {

// What a foreign graph's file declares holds for open extents; bound ones may contradict it.
void forget_shapes(ir::Graph& graph) {
  for (const ir::NodeId id : graph.node_ids()) {
    for (const ir::ValueId output : graph.node(id).outputs) {
      if (output == ir::kNoValue) continue;
      ir::TensorType& type = graph.value(output).type;
      if (!type.shape) continue;
      for (ir::Dim& dim : *type.shape) dim = {};
    }
  }
}

}  // namespace

Result<ir::Graph> bind_shapes(const ir::Graph& graph, const CompileOptions& options) {
  std::map<std::string, std::int64_t> extents = options.dimensions;
  ir::Graph bound = graph;
  for (const ir::ValueId id : bound.inputs()) {
    ir::Value& input = bound.value(id);
    if (!input.type.shape) return unsupported("input '{}' has no rank", input.name);
    for (std::size_t axis = 0; axis < input.type.shape->size(); ++axis) {
      ir::Dim& dim = (*input.type.shape)[axis];
      if (dim.known()) continue;
      const auto it = extents.find(dim.name());
      if (!dim.name().empty() && it != extents.end()) {
        dim = it->second;
      } else if (axis == 0) {
        if (!dim.name().empty()) extents[dim.name()] = options.batch;
        dim = options.batch;
      } else {
        return invalid_argument("input '{}': extent {} of axis {} is unknown and was not given",
                                input.name, dim.to_string(), axis);
      }
    }
  }
  if (bound.opsets.empty()) {
    RETURN_IF_ERROR(ops::bind_dimensions(bound, extents, options.batch));
  } else {
    forget_shapes(bound);
  }
  return bound;
}

std::vector<TensorInfo> describe_values(const ir::Graph& graph, std::span<const ir::ValueId> ids) {
  std::vector<TensorInfo> infos;
  for (const ir::ValueId id : ids) infos.push_back({graph.value(id).name, graph.value(id).type});
  return infos;
}

Status check_float32_on_processor(const Backend& backend, const CompileOptions& options) {
  if (options.precision != Precision::kFloat32) {
    return unsupported("backend '{}' computes in f32, {} was asked for", backend.name(),
                       precision_name(options.precision));
  }
  if (!options.providers.empty()) {
    return unsupported("backend '{}' has no execution providers, {} was asked for", backend.name(),
                       fmt::join(options.providers, ","));
  }
  return {};
}

Status check_no_memory_limit(const Backend& backend, const CompileOptions& options) {
  if (options.memory_limit == 0) return {};
  return unsupported("backend '{}' cannot be kept to a memory limit", backend.name());
}

Status check_inputs(std::span<const TensorInfo> expected, std::span<const ir::Tensor> inputs) {
  if (inputs.size() != expected.size()) {
    return invalid_argument("{} inputs given, the model has {}", inputs.size(), expected.size());
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].type() != expected[i].type) {
      return invalid_argument("input '{}' is {}, expected {}", expected[i].name,
                              inputs[i].type().to_string(), expected[i].type.to_string());
    }
  }
  return {};
}

}  // namespace lathe::engine

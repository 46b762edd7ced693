#include "engine/backend.h"

#include <algorithm>
#include <cstring>
#include <fmt/ranges.h>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "engine/request_queue.h"

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
  Concurrency result{options.threads, options.streams};
  if (options.pool != nullptr) {
    result.threads = options.pool->threads();
    // As many as the pool computes for at a time.
    if (result.streams <= 0 && options.preference == Preference::kThroughput)
      result.streams = result.threads;
  }
  if (result.streams <= 0) {
    result.streams = options.preference == Preference::kLatency
                         ? 1
                         : std::max(1, allowed_cores() / std::max(1, options.threads));
  }
  if (result.threads <= 0) result.threads = std::max(1, allowed_cores() / result.streams);
  return result;
}

Status Backend::supports(const ir::Graph& graph) const {
  if (graph.prepared == nullptr) return {};
  return unsupported(
      "a compiled model is for the backend 'native': give '{}' the model that it was "
      "compiled from",
      name());
}

Executable::Executable(Concurrency concurrency)
    : concurrency_{std::max(1, concurrency.threads), std::max(1, concurrency.streams)} {}
Executable::~Executable() = default;

Error unfit_output(std::size_t i, std::string_view name, const ir::Tensor& given,
                   const ir::TensorType& type) {
  const std::string output =
      name.empty() ? fmt::format("output {}", i) : fmt::format("output '{}'", name);
  if (given.type() == type)
    return invalid_argument("the memory for {} is shared by a copy of its tensor", output);
  return invalid_argument("{} is {}, the memory given for it is {}", output, type.to_string(),
                          given.type().to_string());
}

Status hand_over(std::vector<ir::Tensor> made, std::span<const TensorInfo> infos,
                 std::vector<ir::Tensor>& outputs) {
  outputs.resize(made.size());
  // All of them before anything is written.
  for (std::size_t i = 0; i < made.size(); ++i) {
    const ir::Tensor& output = outputs[i];
    if (output.is_borrowed_writable() &&
        (output.type() != made[i].type() || !output.is_sole_owner()))
      return unfit_output(i, infos[i].name, output, made[i].type());
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    ir::Tensor& output = outputs[i];
    if (!output.is_borrowed_writable()) {
      output = std::move(made[i]);
      continue;
    }
    const std::span<const std::byte> bytes = made[i].bytes();
    if (!bytes.empty()) std::memcpy(output.mutable_bytes().data(), bytes.data(), bytes.size());
  }
  return {};
}

Status Context::run_into(std::span<const ir::Tensor> inputs, std::vector<ir::Tensor>& outputs) {
  ASSIGN_OR_RETURN(std::vector<ir::Tensor> made, run(inputs));
  const std::vector<TensorInfo> unnamed(made.size());
  return hand_over(std::move(made), unnamed, outputs);
}

Result<std::vector<ir::Tensor>> require_tensors(std::span<const ir::Datum> values,
                                                std::string_view what) {
  std::vector<ir::Tensor> tensors;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].tensor() == nullptr) {
      return unsupported("{} {} is {}, only tensors can be had here", what, i,
                         values[i].type().to_string());
    }
    tensors.push_back(*values[i].tensor());
  }
  return tensors;
}

Result<std::vector<ir::Datum>> Context::run_values(std::span<const ir::Datum> inputs) {
  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> tensors, require_tensors(inputs, "input"));
  ASSIGN_OR_RETURN(std::vector<ir::Tensor> outputs, run(tensors));
  return std::vector<ir::Datum>(std::make_move_iterator(outputs.begin()),
                                std::make_move_iterator(outputs.end()));
}

Result<std::vector<TensorInfo>> Executable::plan_for(std::span<const ir::TensorType> inputs) const {
  std::vector<ir::Tensor> described;
  for (const ir::TensorType& type : inputs) {
    const auto dims = type.shape ? ir::known_dims(*type.shape) : std::nullopt;
    if (!dims) return invalid_argument("input {} has open extents", type.to_string());
    ASSIGN_OR_RETURN(described.emplace_back(), ir::Tensor::describe(type.data_type, *dims));
  }
  RETURN_IF_ERROR(check_inputs(this->inputs(), described));
  ir::SymbolValues values;
  for (std::size_t i = 0; i < described.size(); ++i) {
    const ir::TensorType& accepted = this->inputs()[i].accepted;
    for (std::size_t axis = 0; accepted.shape && axis < accepted.shape->size(); ++axis) {
      const std::string name = (*accepted.shape)[axis].name();
      if (!name.empty()) values.emplace(name, described[i].dim(axis));
    }
  }
  std::vector<TensorInfo> infos(outputs().begin(), outputs().end());
  for (TensorInfo& info : infos) {
    info.type = info.accepted;
    if (!info.type.shape) continue;
    for (ir::Dim& dim : *info.type.shape) dim = ir::Dim(dim.symbolic().substitute(values));
  }
  return infos;
}

std::future<Outputs> Executable::submit(std::vector<ir::Tensor> inputs, Completion completion,
                                        StopFlag stop) const {
  std::call_once(first_request_, [this] {
    std::vector<std::unique_ptr<Context>> contexts;
    for (int i = 0; i < concurrency_.streams; ++i) contexts.push_back(new_context());
    queue_ = std::make_unique<RequestQueue>(std::move(contexts));
  });
  return queue_->submit(std::move(inputs), completion, std::move(stop));
}

std::vector<TensorInfo> describe_values(const ir::Graph& graph, std::span<const ir::ValueId> ids) {
  std::vector<TensorInfo> infos;
  for (const ir::ValueId id : ids) {
    const ir::Value& value = graph.value(id);
    infos.push_back({value.name, value.type.tensor(), value.type.tensor(),
                     value.type.is_tensor() ? ir::Type() : value.type});
  }
  return infos;
}

Status check_float32(const Backend& backend, const CompileOptions& options) {
  if (options.precision == Precision::kFloat32) return {};
  return unsupported("backend '{}' computes in f32, {} was asked for", backend.name(),
                     precision_name(options.precision));
}

Status check_no_providers(const Backend& backend, const CompileOptions& options) {
  if (!options.providers.empty()) {
    return unsupported("backend '{}' has no execution providers, {} was asked for", backend.name(),
                       fmt::join(options.providers, ","));
  }
  if (!options.provider_options.empty()) {
    return unsupported("backend '{}' has no execution providers, options were given for {}",
                       backend.name(), options.provider_options.begin()->first);
  }
  return {};
}

Status check_no_pool(const Backend& backend, const CompileOptions& options) {
  if (options.pool == nullptr) return {};
  return unsupported("backend '{}' cannot compute with a thread pool of its caller's",
                     backend.name());
}

Status check_no_memory_limit(const Backend& backend, const CompileOptions& options) {
  if (options.memory_limit == 0) return {};
  return unsupported("backend '{}' cannot be kept to a memory limit", backend.name());
}

Status check_no_strips(const Backend& backend, const CompileOptions& options) {
  if (options.tile_rows == 0) return {};
  return unsupported("backend '{}' cannot compute in strips", backend.name());
}

namespace {

// Symbols stand for anything.
bool accepts(const ir::TensorType& type, const ir::Tensor& tensor) {
  if (type.data_type != tensor.data_type()) return false;
  if (!type.shape) return true;
  if (type.shape->size() != tensor.rank()) return false;
  for (std::size_t axis = 0; axis < tensor.rank(); ++axis) {
    const ir::Dim& dim = (*type.shape)[axis];
    if (dim.known() && dim.value() != tensor.dim(axis)) return false;
  }
  return true;
}

// Symbols of one name stand for one number.
Status check_equal_extents(std::span<const TensorInfo> expected,
                           std::span<const ir::Tensor> inputs) {
  struct Axis {
    std::size_t input;
    std::size_t axis;
  };
  const auto find_first = [&](const ir::Dim& wanted) {
    for (std::size_t i = 0;; ++i) {
      if (!expected[i].accepted.shape) continue;
      const ir::Shape& shape = *expected[i].accepted.shape;
      for (std::size_t axis = 0; axis < shape.size(); ++axis)
        if (shape[axis] == wanted) return Axis{i, axis};
    }
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!expected[i].accepted.shape) continue;
    for (std::size_t axis = 0; axis < inputs[i].rank(); ++axis) {
      const ir::Dim& dim = (*expected[i].accepted.shape)[axis];
      if (!dim.symbolic().is_expression()) continue;
      const Axis first = find_first(dim);
      if (inputs[first.input].dim(first.axis) == inputs[i].dim(axis)) continue;
      return invalid_argument("input '{}' is {}: extent {} is {} of input '{}' already",
                              expected[i].name, inputs[i].type().to_string(), dim.to_string(),
                              inputs[first.input].dim(first.axis), expected[first.input].name);
    }
  }
  return {};
}

}  // namespace

Status check_inputs(std::span<const TensorInfo> expected, std::span<const ir::Tensor> inputs) {
  if (inputs.size() != expected.size()) {
    return invalid_argument("{} inputs given, the model has {}", inputs.size(), expected.size());
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (expected[i].container.known()) {
      return invalid_argument("input '{}' is {}, expected {}", expected[i].name,
                              inputs[i].type().to_string(), expected[i].container.to_string());
    }
    if (!accepts(expected[i].accepted, inputs[i])) {
      return invalid_argument("input '{}' is {}, expected {}", expected[i].name,
                              inputs[i].type().to_string(), expected[i].accepted.to_string());
    }
  }
  return check_equal_extents(expected, inputs);
}

Status check_inputs(std::span<const TensorInfo> expected, std::span<const ir::Datum> inputs) {
  std::vector<TensorInfo> tensors_expected;
  std::vector<ir::Tensor> tensors;
  for (std::size_t i = 0; i < std::min(inputs.size(), expected.size()); ++i) {
    const TensorInfo& info = expected[i];
    if (!info.container.known() && inputs[i].tensor() != nullptr) {
      tensors_expected.push_back(info);
      tensors.push_back(*inputs[i].tensor());
    } else if (!info.container.known() || !inputs[i].fits(info.container)) {
      return invalid_argument(
          "input '{}' is {}, expected {}", info.name, inputs[i].type().to_string(),
          info.container.known() ? info.container.to_string() : info.accepted.to_string());
    }
  }
  if (inputs.size() != expected.size())
    return invalid_argument("{} inputs given, the model has {}", inputs.size(), expected.size());
  return check_inputs(tensors_expected, tensors);
}

}  // namespace lathe::engine

#include "engine/backend.h"

#include <array>
#include <fmt/ranges.h>

#include "engine/backends/native.h"
#include "engine/backends/reference.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {

std::span<const Backend* const> backends() {
  static const std::array<const Backend*, 2> all = {&native_backend(), &reference_backend()};
  return all;
}

Result<const Backend*> find_backend(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Backend* backend : backends()) {
    if (backend->name() == name) return backend;
    names.push_back(backend->name());
  }
  return error(ErrorCode::kNotFound, "unknown backend '{}': known are {}", name,
               fmt::join(names, ", "));
}

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
  RETURN_IF_ERROR(ops::bind_dimensions(bound, extents, options.batch));
  return bound;
}

std::vector<TensorInfo> describe_values(const ir::Graph& graph, std::span<const ir::ValueId> ids) {
  std::vector<TensorInfo> infos;
  for (const ir::ValueId id : ids) infos.push_back({graph.value(id).name, graph.value(id).type});
  return infos;
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

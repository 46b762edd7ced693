#include <algorithm>
#include <fmt/ranges.h>
#include <optional>

#include "base/suggest.h"
#include "engine/backend.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using Extents = std::vector<std::int64_t>;

// "1x3xHxW": as --shape takes it, with what is open by its name.
std::string in_flag(const ir::Shape& shape) {
  std::vector<std::string> extents;
  for (const ir::Dim& dim : shape) extents.push_back(dim.to_string());
  return fmt::format("{}", fmt::join(extents, "x"));
}

std::string listed(const std::vector<std::string>& names, std::string_view word) {
  if (names.empty()) return " (it has none)";
  return fmt::format(" (it has {}){}", fmt::join(names, ", "), did_you_mean(word, names));
}

// Gives the open extents of a graph's inputs their values.
class Binder {
 public:
  Binder(ir::Graph& graph, const CompileOptions& options)
      : graph_(graph),
        options_(options),
        extents_(options.dimensions.begin(), options.dimensions.end()) {}

  // Takes what is fixed.
  Status fix() {
    RETURN_IF_ERROR(check_dimensions());
    // All shapes first: they may name extents that other inputs have too.
    for (const auto& [name, extents] : options_.shapes) RETURN_IF_ERROR(take_shape(name, extents));
    for (const ir::ValueId id : graph_.inputs()) substitute(id);
    return check_sizes();
  }

  // Gives what is still open its value.
  Status close() {
    for (const ir::ValueId id : graph_.inputs()) RETURN_IF_ERROR(close(id));
    return check_sizes();
  }

  // As engine::fixed_batch has it.
  std::optional<std::int64_t> fixed_batch() {
    for (const auto& [name, extents] : options_.shapes) {
      if (!take_shape(name, extents).ok()) return std::nullopt;
    }
    std::optional<std::int64_t> batch;
    for (const ir::ValueId id : graph_.inputs()) {
      const ir::TensorType& type = graph_.tensor_type(id);
      if (!type.shape || type.shape->empty()) continue;
      const ir::Dim& first = type.shape->front();
      const auto named = extents_.find(first.name());
      if (!first.known() && named == extents_.end()) return std::nullopt;
      if (!batch) batch = first.known() ? first.value() : named->second;
    }
    return batch;
  }

 private:
  [[nodiscard]] Status check_sizes() const {
    for (const ir::ValueId id : graph_.inputs()) {
      const ir::Value& input = graph_.value(id);
      const auto& shape = input.type.tensor().shape;
      if (!shape || ir::check_extents(*shape).ok()) continue;
      return invalid_argument("input '{}' is {}, which has too many elements", input.name,
                              input.type.to_string());
    }
    return {};
  }

  void substitute(ir::ValueId id) {
    ir::TensorType type = graph_.tensor_type(id);
    if (!type.shape) return;
    for (ir::Dim& dim : *type.shape) dim = ir::Dim(dim.symbolic().substitute(extents_));
    graph_.set_type(id, std::move(type));
  }

  [[nodiscard]] std::vector<std::string> input_names() const {
    std::vector<std::string> names;
    for (const ir::ValueId id : graph_.inputs()) names.push_back(graph_.value(id).name);
    return names;
  }

  [[nodiscard]] Status check_dimensions() const {
    std::vector<std::string> open;
    for (const ir::ValueId id : graph_.inputs()) {
      for (const ir::Dim& dim : graph_.tensor_type(id).shape.value_or(ir::Shape{})) {
        const bool is_new = std::find(open.begin(), open.end(), dim.name()) == open.end();
        if (!dim.known() && !dim.name().empty() && is_new) open.push_back(dim.name());
      }
    }
    for (const auto& [name, extent] : options_.dimensions) {
      if (std::find(open.begin(), open.end(), name) == open.end()) {
        return invalid_argument("no input of the model has an open extent '{}'{}", name,
                                listed(open, name));
      }
      if (extent < 0) return invalid_argument("extent '{}' is {}", name, extent);
    }
    return {};
  }

  [[nodiscard]] Result<ir::ValueId> find_input(const std::string& name) const {
    const std::vector<std::string> names = input_names();
    if (name.empty() && names.size() != 1) {
      return invalid_argument("a shape has to name its input: the model has {} ({})", names.size(),
                              fmt::join(names, ", "));
    }
    const auto found = name.empty() ? names.begin() : std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return invalid_argument("the model has no input '{}'{}", name, listed(names, name));
    }
    return graph_.inputs()[static_cast<std::size_t>(found - names.begin())];
  }

  Status take_shape(const std::string& name, const Extents& extents) {
    ASSIGN_OR_RETURN(const ir::ValueId id, find_input(name));
    const ir::Value& input = graph_.value(id);
    ir::TensorType type = graph_.tensor_type(id);
    const std::string given = fmt::format("{}", fmt::join(extents, "x"));
    if (!input.type.is_tensor()) {
      return invalid_argument("input '{}' is {}, which has no shape", input.name,
                              input.type.to_string());
    }
    if (std::any_of(extents.begin(), extents.end(), [](std::int64_t e) { return e < 0; }))
      return invalid_argument("input '{}' cannot have the shape {}", input.name, given);
    if (!type.shape) type.shape = ir::Shape(extents.size());
    if (type.shape->size() != extents.size()) {
      return invalid_argument("input '{}' is {} with {} axes, the shape {} has {}", input.name,
                              type.to_string(), type.shape->size(), given, extents.size());
    }
    for (std::size_t axis = 0; axis < extents.size(); ++axis) {
      ir::Dim& dim = (*type.shape)[axis];
      if (dim.known() && dim.value() != extents[axis]) {
        return invalid_argument("input '{}': axis {} is fixed at {}, the shape {} has {}",
                                input.name, axis, dim.value(), given, extents[axis]);
      }
      if (!dim.known() && !dim.name().empty()) {
        const auto [known, is_new] = extents_.emplace(dim.name(), extents[axis]);
        if (!is_new && known->second != extents[axis]) {
          return invalid_argument(
              "extent '{}' is given as {} and, by the shape {} of input '{}', "
              "as {}",
              dim.name(), known->second, given, input.name, extents[axis]);
        }
      }
      dim = extents[axis];
    }
    graph_.set_type(id, std::move(type));
    return {};
  }

  Status close(ir::ValueId id) {
    const ir::Value& input = graph_.value(id);
    if (!input.type.is_tensor()) return {};
    ir::TensorType type = graph_.tensor_type(id);
    if (!type.shape && options_.leave_open) return {};
    if (!type.shape) {
      return unsupported("input '{}' has no rank: give its shape by --shape {}=...", input.name,
                         input.name);
    }
    ir::Shape& shape = *type.shape;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      ir::Dim& dim = shape[axis];
      if (dim.known()) continue;
      const auto known = extents_.find(dim.name());
      if (!dim.name().empty() && known != extents_.end()) {
        dim = known->second;
      } else if (axis == 0) {
        if (!dim.name().empty()) extents_[dim.name()] = options_.batch;
        dim = options_.batch;
      } else if (!options_.leave_open) {
        const std::string by_name =
            dim.name().empty() ? "" : fmt::format("--dim {}=... or ", dim.name());
        return invalid_argument(
            "input '{}': extent {} of axis {} is unknown and was not given: use {}--shape {}={}",
            input.name, dim.to_string(), axis, by_name, input.name, in_flag(shape));
      }
    }
    graph_.set_type(id, std::move(type));
    return {};
  }

  ir::Graph& graph_;
  const CompileOptions& options_;
  ir::SymbolValues extents_;  // by name, as far as they are known by now
};

// What a foreign graph's file declares holds for open extents; bound ones may contradict it.
void forget_shapes(ir::Graph& graph) {
  for (const ir::NodeId id : graph.node_ids()) {
    for (const ir::ValueId output : graph.node(id).outputs) {
      if (output == ir::kNoValue) continue;
      ir::TensorType type = graph.tensor_type(output);
      if (!type.shape) continue;
      for (ir::Dim& dim : *type.shape) dim = {};
      graph.set_type(output, std::move(type));
    }
  }
}

}  // namespace

namespace {

// The graph's inputs alone.
ir::Graph inputs_of(const ir::Graph& graph) {
  ir::Graph inputs;
  for (const ir::ValueId id : graph.inputs())
    inputs.add_input(graph.value(id).name, graph.value(id).type);
  return inputs;
}

std::vector<ir::TensorType> input_types(const ir::Graph& graph) {
  std::vector<ir::TensorType> types;
  for (const ir::ValueId id : graph.inputs()) types.push_back(graph.tensor_type(id));
  return types;
}

}  // namespace

std::optional<std::int64_t> fixed_batch(const ir::Graph& graph, const CompileOptions& options) {
  ir::Graph inputs = inputs_of(graph);
  return Binder(inputs, options).fixed_batch();
}

Result<std::vector<ir::TensorType>> bound_inputs(const ir::Graph& graph,
                                                 const CompileOptions& options) {
  ir::Graph inputs = inputs_of(graph);
  Binder binder(inputs, options);
  RETURN_IF_ERROR(binder.fix());
  RETURN_IF_ERROR(binder.close());
  return input_types(inputs);
}

bool is_closed(const ir::TensorType& type) { return type.shape && ir::fully_known(*type.shape); }

bool are_closed(std::span<const ir::TensorType> types) {
  return std::all_of(types.begin(), types.end(), is_closed);
}

Status set_inputs(ir::Graph& graph, std::span<const ir::TensorType> types) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    const ir::ValueId id = graph.inputs()[i];
    if (graph.type(id).is_tensor()) graph.set_type(id, types[i]);
  }
  if (!graph.opsets.empty()) {
    forget_shapes(graph);
    return {};
  }
  for (const ir::NodeId id : graph.node_ids()) {
    for (const ir::ValueId output : graph.node(id).outputs) {
      if (output != ir::kNoValue) graph.set_type(output, {});
    }
  }
  return ops::infer_shapes(graph);
}

Result<ir::Graph> fix_shapes(ir::Graph graph, const CompileOptions& options) {
  Binder binder(graph, options);
  RETURN_IF_ERROR(binder.fix());
  // Anew in any case: what a file declares of other values need not be so.
  RETURN_IF_ERROR(set_inputs(graph, input_types(graph)));
  return graph;
}

Result<ir::Graph> bind_shapes(ir::Graph graph, const CompileOptions& options) {
  CompileOptions closed = options;
  closed.leave_open = false;
  ASSIGN_OR_RETURN(const std::vector<ir::TensorType> types, bound_inputs(graph, closed));
  RETURN_IF_ERROR(set_inputs(graph, types));
  return graph;
}

}  // namespace lathe::engine

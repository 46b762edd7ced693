#include "engine/program.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <optional>

#include "base/function_ref.h"
#include "ops/infer_shapes.h"
#include "ops/known_values.h"

namespace lathe::engine {
namespace {

using ir::NodeId;
using ir::ValueId;

// A graph that runs other graphs, rather than one kernel that says by a graph what it computes.
bool has_bodies(const ir::Node& node) {
  return !node.is("Fused", ir::kLatheDomain) && !ir::subgraphs(node).empty();
}

std::vector<ValueId> captures_of(const ir::Node& node) {
  std::vector<ValueId> captures;
  for (const ir::Subgraph* subgraph : ir::subgraphs(node))
    captures.insert(captures.end(), subgraph->captures.begin(), subgraph->captures.end());
  return captures;
}

bool fits_arena(const ir::Type& type) {
  return type.is_tensor() && ir::bits_per_element(type.tensor().data_type) > 0;
}

// Whether every extent is a number, or an expression of the inputs' extents.
bool is_expressed(const ir::TensorType& type) {
  return type.shape && std::none_of(type.shape->begin(), type.shape->end(),
                                    [](const ir::Dim& dim) { return dim.symbolic().is_unknown(); });
}

// Copies parts of a graph into a graph of their own.
class Extraction {
 public:
  explicit Extraction(const ir::Graph& from)
      : from_(from), ids_(from.value_count(), ir::kNoValue) {}

  // Values for which `repeats` holds are computed again instead of being read.
  void add(NodeId id, FunctionRef<bool(ValueId)> repeats) {
    copy(id, repeats);
    for (const ValueId output : from_.node(id).outputs)
      if (output != ir::kNoValue) made_.push_back(output);
  }

  // What the added nodes make, and what is read without being made.
  [[nodiscard]] std::span<const ValueId> made() const { return made_; }
  [[nodiscard]] std::span<const ValueId> inputs() const { return inputs_; }

  ir::Graph finish(std::span<const ValueId> outputs) {
    std::vector<ValueId> ids;
    for (const ValueId output : outputs) ids.push_back(ids_[static_cast<std::size_t>(output)]);
    to_.set_outputs(std::move(ids));
    return std::move(to_);
  }

 private:
  void copy(NodeId id, FunctionRef<bool(ValueId)> repeats) {
    ir::Node node = from_.node(id);
    for (ValueId& input : node.inputs) input = read(input, repeats);
    for (ir::Subgraph* subgraph : ir::subgraphs(node)) {
      for (ValueId& capture : subgraph->captures) capture = read(capture, repeats);
    }
    for (ValueId& output : node.outputs) {
      if (output == ir::kNoValue) continue;
      const ValueId made = to_.add_value(from_.value(output).name, from_.type(output));
      ids_[static_cast<std::size_t>(output)] = made;
      output = made;
    }
    to_.add_node(std::move(node));
  }

  ValueId read(ValueId id, FunctionRef<bool(ValueId)> repeats) {
    if (id == ir::kNoValue) return id;
    ValueId& known = ids_[static_cast<std::size_t>(id)];
    if (known != ir::kNoValue) return known;
    if (repeats(id)) {
      copy(from_.value(id).producer, repeats);
      return known;
    }
    if (const ir::Tensor* constant = from_.constant(id)) {
      known = to_.add_constant(from_.value(id).name, *constant);
    } else {
      known = to_.add_input(from_.value(id).name, from_.type(id));
      inputs_.push_back(id);
    }
    return known;
  }

  const ir::Graph& from_;
  ir::Graph to_;
  std::vector<ValueId> ids_;  // by value of `from`
  std::vector<ValueId> inputs_;
  std::vector<ValueId> made_;
};

}  // namespace

// Tells nodes whose outputs' extents follow from those of their inputs from nodes that look at
// values: given numbers for all inputs' extents, inference has numbers for the former's outputs.
class ShapeTrial {
 public:
  explicit ShapeTrial(const ir::Graph& graph) : graph_(graph) {
    for (std::size_t v = 0; v < graph_.value_count(); ++v) fill(static_cast<ValueId>(v));
  }

  // Asked for each node in order.
  bool looks_at_values(NodeId id) {
    const ir::Node node = graph_.node(id);
    // What has no rank yet tells nothing before it is there.
    for (const ValueId read : node.reads())
      if (!graph_.tensor_type(read).shape) return false;
    const auto types = ops::infer_node(graph_, node);
    // A mere try: these numbers need not fit together.
    if (!types.ok()) return false;
    bool known = true;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == ir::kNoValue) continue;
      const ir::TensorType& type = (*types)[i].tensor();
      known = known && type.shape && ir::fully_known(*type.shape);
      graph_.set_type(node.outputs[i], (*types)[i]);
      fill(node.outputs[i]);
    }
    return !known;
  }

  // Whether it is computed from constants and extents. Asked when all nodes have been.
  bool is_shape_arithmetic(ValueId id) {
    if (!known_) known_.emplace(graph_);
    return graph_.constant(id) == nullptr && known_->constant(id) != nullptr;
  }

 private:
  // Large enough for any window that networks have.
  static constexpr std::int64_t kExtent = 64;

  void fill(ValueId id) {
    if (!graph_.type(id).is_tensor() || !graph_.tensor_type(id).shape) return;
    ir::TensorType type = graph_.tensor_type(id);
    for (ir::Dim& dim : *type.shape)
      if (!dim.known()) dim = kExtent;
    graph_.set_type(id, std::move(type));
  }

  ir::Graph graph_;
  std::optional<ops::KnownValues> known_;
};

class ProgramBuilder {
 public:
  ProgramBuilder(ir::Graph graph, const Planning& planning)
      : graph_(std::move(graph)), planning_(planning) {}

  Result<std::shared_ptr<const Program>> build() {
    program_.value_count_ = graph_.value_count();
    program_.inputs_.assign(graph_.inputs().begin(), graph_.inputs().end());
    program_.inputs_.insert(program_.inputs_.end(), graph_.captures().begin(),
                            graph_.captures().end());
    program_.outputs_.assign(graph_.outputs().begin(), graph_.outputs().end());
    RETURN_IF_ERROR(assign_levels());
    const auto fits = [&](ValueId id) { return fits_arena(graph_.type(id)); };
    if (node_stages_ == 0 && graph_.captures().empty() &&
        std::all_of(program_.inputs_.begin(), program_.inputs_.end(), fits) &&
        std::all_of(program_.outputs_.begin(), program_.outputs_.end(), fits)) {
      trial_.reset();  // which holds on to weights
      RegionStage all{nullptr, program_.inputs_, program_.outputs_};
      all.region = std::make_unique<Region>(std::move(graph_), planning_);
      program_.stages_.emplace_back(std::move(all));
      program_.released_.emplace_back();
      return std::make_shared<const Program>(std::move(program_));
    }
    RETURN_IF_ERROR(make_stages());
    trial_.reset();
    keep_constants();
    find_last_readers();
    return std::make_shared<const Program>(std::move(program_));
  }

 private:
  // Level by level, regions at even ones and nodes at odd ones; a node stands behind all that it
  // reads, and regions are as few as can be.
  Status assign_levels() {
    ASSIGN_OR_RETURN(order_, graph_.topological_order());
    if (!is_one_region()) trial_.emplace(graph_);
    value_levels_.assign(graph_.value_count(), 0);
    node_levels_.assign(graph_.node_id_limit(), 0);
    for (const NodeId id : order_) {
      const ir::Node& node = graph_.node(id);
      int level = 0;
      for (const ValueId read : node.reads())
        level = std::max(level, value_levels_[static_cast<std::size_t>(read)]);
      const bool alone = stands_alone(id);
      if (alone) ++node_stages_;
      node_levels_[static_cast<std::size_t>(id)] = alone ? level + 1 : level;
      for (const ValueId output : node.outputs) {
        if (output != ir::kNoValue)
          value_levels_[static_cast<std::size_t>(output)] = alone ? level + 2 : level;
      }
    }
    return {};
  }

  // Has graphs inside, or makes or reads what is no tensor.
  [[nodiscard]] bool is_no_kernel(NodeId id) const {
    const ir::Node& node = graph_.node(id);
    if (has_bodies(node)) return true;
    for (const ValueId read : node.reads())
      if (!fits_arena(graph_.type(read))) return true;
    return std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId output) {
      return output != ir::kNoValue && !fits_arena(graph_.type(output));
    });
  }

  bool stands_alone(NodeId id) {
    return is_no_kernel(id) || (trial_ && trial_->looks_at_values(id));
  }

  // Where inference left something open there is something to try.
  [[nodiscard]] bool is_one_region() const {
    return std::all_of(order_.begin(), order_.end(), [&](NodeId id) {
      const std::vector<ValueId>& outputs = graph_.node(id).outputs;
      return !is_no_kernel(id) && std::all_of(outputs.begin(), outputs.end(), [&](ValueId output) {
        return output == ir::kNoValue || is_expressed(graph_.tensor_type(output));
      });
    });
  }

  Status make_stages() {
    int last = 0;
    for (const NodeId id : order_) last = std::max(last, level_of(id));
    std::vector<Extraction> regions;
    for (int level = 0; level <= last; level += 2) regions.push_back(extract(level));
    const std::vector<bool> wanted = values_between(regions);
    for (int level = 0; level <= last; ++level) {
      if (level % 2 == 0) {
        add_region(regions[static_cast<std::size_t>(level / 2)], wanted);
        continue;
      }
      for (const NodeId id : order_)
        if (level_of(id) == level) RETURN_IF_ERROR(add_node(id));
    }
    return {};
  }

  [[nodiscard]] int level_of(NodeId id) const { return node_levels_[static_cast<std::size_t>(id)]; }

  // Shapes of a region follow from those of its inputs, so that it has its own copy of the shape
  // arithmetic that it needs.
  Extraction extract(int level) {
    const auto repeats = [this, level](ValueId id) {
      return value_levels_[static_cast<std::size_t>(id)] < level && trial_ &&
             trial_->is_shape_arithmetic(id);
    };
    Extraction extraction(graph_);
    for (const NodeId id : order_)
      if (level_of(id) == level) extraction.add(id, repeats);
    return extraction;
  }

  // By value: whether a stage reads it, or it is an output.
  [[nodiscard]] std::vector<bool> values_between(std::span<const Extraction> regions) const {
    std::vector<bool> wanted(graph_.value_count());
    const auto want = [&](ValueId id) { wanted[static_cast<std::size_t>(id)] = true; };
    for (const Extraction& region : regions)
      std::for_each(region.inputs().begin(), region.inputs().end(), want);
    for (const NodeId id : order_) {
      if (level_of(id) % 2 == 0) continue;
      for (const ValueId read : graph_.node(id).reads()) want(read);
    }
    std::for_each(graph_.outputs().begin(), graph_.outputs().end(), want);
    return wanted;
  }

  void add_region(Extraction& extraction, const std::vector<bool>& wanted) {
    RegionStage stage;
    for (const ValueId made : extraction.made())
      if (wanted[static_cast<std::size_t>(made)]) stage.outputs.push_back(made);
    if (stage.outputs.empty()) return;
    stage.inputs.assign(extraction.inputs().begin(), extraction.inputs().end());
    stage.region = std::make_unique<Region>(extraction.finish(stage.outputs), planning_);
    program_.stages_.emplace_back(std::move(stage));
  }

  Status add_node(NodeId id) {
    NodeStage stage{graph_.node(id), fmt::format("node {}", ir::describe_node(graph_, id)), {}, {}};
    stage.captures = captures_of(stage.node);
    for (const auto& [key, attribute] : stage.node.attributes) {
      const auto* body = std::get_if<ir::Subgraph>(&attribute);
      if (body == nullptr) continue;
      auto built = build_body(*body);
      if (!built.ok())
        return built.error()
            .with_context(fmt::format("attribute '{}'", key))
            .with_context(stage.place);
      stage.bodies.emplace(key, *std::move(built));
    }
    program_.stages_.emplace_back(std::move(stage));
    return {};
  }

  // With the constants that it captures: shapes may depend on them.
  [[nodiscard]] Result<std::shared_ptr<const Program>> build_body(const ir::Subgraph& body) const {
    ir::Graph graph = *body.graph;
    bool captures_constants = false;
    for (std::size_t i = 0; i < body.captures.size(); ++i) {
      const ir::Tensor* constant = graph_.constant(body.captures[i]);
      if (constant == nullptr) continue;
      graph.set_constant(graph.captures()[i], *constant);
      captures_constants = true;
    }
    if (captures_constants) RETURN_IF_ERROR(ops::infer_shapes(graph));
    return ProgramBuilder(std::move(graph), planning_).build();
  }

  // What the environment has from the beginning.
  void keep_constants() {
    const auto keep = [&](ValueId id) {
      const ir::Tensor* constant = id == ir::kNoValue ? nullptr : graph_.constant(id);
      if (constant != nullptr) program_.constants_.emplace(id, *constant);
    };
    for (const Stage& stage : program_.stages_) {
      if (const auto* node = std::get_if<NodeStage>(&stage))
        for (const ValueId read : node->node.reads()) keep(read);
    }
    for (const ValueId output : program_.outputs_) keep(output);
  }

  void find_last_readers() {
    std::vector<int> last(graph_.value_count(), -1);
    for (std::size_t i = 0; i < program_.stages_.size(); ++i) {
      const auto* region = std::get_if<RegionStage>(&program_.stages_[i]);
      const std::vector<ValueId> reads =
          region != nullptr ? region->inputs
                            : std::get<NodeStage>(program_.stages_[i]).node.reads();
      for (const ValueId read : reads) last[static_cast<std::size_t>(read)] = static_cast<int>(i);
    }
    for (const ValueId output : program_.outputs_) last[static_cast<std::size_t>(output)] = -1;
    program_.released_.resize(program_.stages_.size());
    for (std::size_t v = 0; v < last.size(); ++v) {
      if (last[v] >= 0)
        program_.released_[static_cast<std::size_t>(last[v])].push_back(static_cast<ValueId>(v));
    }
  }

  ir::Graph graph_;
  Planning planning_;
  Program program_;
  std::vector<NodeId> order_;
  std::vector<int> value_levels_;
  std::vector<int> node_levels_;
  int node_stages_ = 0;
  std::optional<ShapeTrial> trial_;
};

Result<std::shared_ptr<const Program>> Program::build(ir::Graph lowered, const Planning& planning) {
  return ProgramBuilder(std::move(lowered), planning).build();
}

const Region* Program::only_region() const {
  const auto* first = stages_.size() == 1 ? std::get_if<RegionStage>(&stages_[0]) : nullptr;
  return first == nullptr || first->inputs != inputs_ || first->outputs != outputs_
             ? nullptr
             : first->region.get();
}

std::vector<const Region*> Program::regions() const {
  std::vector<const Region*> regions;
  for (const Stage& stage : stages_) {
    if (const auto* region = std::get_if<RegionStage>(&stage)) {
      regions.push_back(region->region.get());
      continue;
    }
    for (const auto& [key, body] : std::get<NodeStage>(stage).bodies) {
      const std::vector<const Region*> inner = body->regions();
      regions.insert(regions.end(), inner.begin(), inner.end());
    }
  }
  return regions;
}

std::size_t Program::weight_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [id, constant] : constants_) bytes += constant.num_bytes();
  for (const Stage& stage : stages_) {
    if (const auto* region = std::get_if<RegionStage>(&stage)) {
      bytes += region->region->weights().bytes();
      continue;
    }
    for (const auto& [key, body] : std::get<NodeStage>(stage).bodies) bytes += body->weight_bytes();
  }
  return bytes;
}

std::string Program::describe_nodes() const {
  std::vector<std::string> names;
  for (const Stage& stage : stages_) {
    const auto* node = std::get_if<NodeStage>(&stage);
    if (node == nullptr || !node->bodies.empty()) continue;
    names.push_back(node->place.substr(std::string_view("node ").size()));
  }
  if (names.empty()) return {};
  return fmt::format("{} evaluated one by one, since {} on values: {}",
                     names.size() == 1 ? "1 node is" : fmt::format("{} nodes are", names.size()),
                     names.size() == 1 ? "what it makes depends" : "what they make depends",
                     fmt::join(names, ", "));
}

}  // namespace lathe::engine

#include "train/open_batch.h"

#include <algorithm>
#include <vector>

#include "ops/attributes.h"
#include "ops/infer_shapes.h"

namespace lathe::train {
namespace {

ir::Dim open_extent() { return ir::Dim::symbol("N"); }

// The extent to be opened, or nothing.
std::optional<std::int64_t> fixed_batch(const ir::Graph& graph) {
  if (graph.inputs().size() != 1) return std::nullopt;
  const auto& shape = graph.tensor_type(graph.inputs()[0]).shape;
  if (!shape || shape->size() < 2 || !shape->front().known()) return std::nullopt;
  return shape->front().value();
}

class Opener {
 public:
  Opener(ir::Graph graph, std::int64_t batch) : graph_(std::move(graph)), batch_(batch) {}

  Result<ir::Graph> run() {
    const ir::ValueId input = graph_.inputs()[0];
    ir::TensorType type = graph_.tensor_type(input);
    type.shape->front() = open_extent();
    graph_.set_type(input, std::move(type));
    per_sample_.resize(graph_.value_count(), false);
    per_sample_[index(input)] = true;
    ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph_.topological_order());
    for (const ir::NodeId id : order) {
      if (Status opened = open_node(id); !opened.ok()) {
        return opened.error()
            .with_context("node " + ir::describe_node(graph_, id))
            .with_context(
                fmt::format("input {} takes batches of {} only, and cannot be opened to others",
                            graph_.value(input).name, batch_));
      }
    }
    return std::move(graph_);
  }

 private:
  static std::size_t index(ir::ValueId id) { return static_cast<std::size_t>(id); }

  bool is_per_sample(ir::ValueId id) const { return id != ir::kNoValue && per_sample_[index(id)]; }

  Status open_node(ir::NodeId id) {
    const std::vector<ir::ValueId> inputs = graph_.node(id).inputs;
    const bool per_sample = std::any_of(inputs.begin(), inputs.end(),
                                        [&](ir::ValueId value) { return is_per_sample(value); });
    if (!per_sample) return {};
    if (graph_.node(id).is("Reshape")) keep_rows(id);
    ASSIGN_OR_RETURN(const ops::Types types, ops::infer_node(graph_, graph_.node(id)));
    const std::vector<ir::ValueId> outputs = graph_.node(id).outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i] != ir::kNoValue) graph_.set_type(outputs[i], types[i]);
    }
    const auto& shape = types[0].tensor().shape;  // further outputs are not trained through
    if (!shape || shape->empty() || shape->front() != open_extent()) {
      return unsupported("it does not keep samples apart, of {} it makes {}",
                         graph_.tensor_type(inputs[0]).to_string(), types[0].to_string());
    }
    per_sample_[index(outputs[0])] = true;
    return {};
  }

  // Where the target begins with the old batch, a 0 in its place keeps any.
  void keep_rows(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    const ir::Tensor* target = graph_.constant(node.input(1));
    if (target == nullptr || target->data_type() != ir::DataType::kInt64 ||
        ops::attributes(node).get_int("allowzero") != 0) {
      return;
    }
    std::vector<std::int64_t> dims = target->to_int64s();
    if (dims.empty() || dims[0] != batch_) return;
    dims[0] = 0;
    const ir::Tensor kept = ir::Tensor::vector_int64(dims);
    const ir::Value& shape = graph_.value(node.input(1));
    if (shape.readers.size() == 1) {
      graph_.set_constant(node.input(1), kept);
    } else {
      graph_.set_input(id, 1, graph_.add_constant(shape.name, kept));
      per_sample_.resize(graph_.value_count(), false);
    }
  }

  ir::Graph graph_;
  std::int64_t batch_;
  std::vector<bool> per_sample_;  // by value: depends on the input
};

}  // namespace

Result<std::optional<ir::Graph>> open_batch(const ir::Graph& graph) {
  const std::optional<std::int64_t> batch = fixed_batch(graph);
  if (!batch) return std::optional<ir::Graph>();
  ASSIGN_OR_RETURN(ir::Graph opened, Opener(graph, *batch).run());
  RETURN_IF_ERROR(ops::infer_shapes(opened));
  return std::optional(std::move(opened));
}

}  // namespace lathe::train

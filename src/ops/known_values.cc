#include "ops/known_values.h"

#include <algorithm>
#include <cmath>

#include "ops/attributes.h"
#include "ops/evaluate.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::SymInt;
using ir::Tensor;
using ir::ValueId;

// Chains of exporters are a dozen nodes long; a file's may be of any length.
constexpr int kDeepest = 128;
// Of operands that are only looked at: tables that a Gather selects from.
constexpr std::int64_t kMostOperandElements = 4096;

bool is_small(const ir::TensorType& type) {
  const auto dims = type.shape ? ir::known_dims(*type.shape) : std::nullopt;
  if (!dims || !ir::is_numeric(type.data_type)) return false;
  const auto count = ir::element_count(*dims);
  return count.ok() && *count <= kMostSymbolicElements;
}

// Unknown where a number is not whole.
std::optional<SymbolicTensor> symbols_of(const Tensor& tensor) {
  if (!ir::is_numeric(tensor.data_type()) || tensor.num_elements() > kMostSymbolicElements ||
      !tensor.has_elements()) {
    return std::nullopt;
  }
  SymbolicTensor symbols{tensor.dims(), {}};
  const bool is_float =
      ir::is_floating_point(tensor.data_type()) || ir::is_mini_float(tensor.data_type());
  for (std::int64_t i = 0; i < tensor.num_elements(); ++i) {
    constexpr double kMostExact = 1LL << 53;
    const double value = is_float ? tensor.get_double(i) : 0;
    const bool whole = std::abs(value) <= kMostExact && std::trunc(value) == value;
    symbols.elements.push_back(whole ? SymInt(tensor.get_int64(i)) : SymInt());
  }
  return symbols;
}

std::optional<Tensor> tensor_of(const SymbolicTensor& symbols, DataType type) {
  Tensor numbers = Tensor::zeros(DataType::kInt64, symbols.dims);
  auto out = numbers.mutable_data<std::int64_t>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!symbols.elements[i].is_number()) return std::nullopt;
    out[i] = *symbols.elements[i].number();
  }
  Tensor result = numbers.cast(type);
  return result.to_int64s() == numbers.to_int64s() ? std::optional(std::move(result))
                                                   : std::nullopt;
}

}  // namespace

KnownValues::KnownValues(const ir::Graph& graph, KnownValues& outer,
                         std::span<const ValueId> captured)
    : graph_(graph), outer_(&outer) {
  for (std::size_t i = 0; i < captured.size(); ++i)
    captured_.emplace(graph.captures()[i], captured[i]);
}

const Tensor* KnownValues::constant(ValueId id) {
  if (id == ir::kNoValue) return nullptr;
  if (const Tensor* tensor = graph_.constant(id)) return tensor;
  if (const auto it = captured_.find(id); it != captured_.end())
    return outer_->constant(it->second);
  const Known& known = find(id);
  return known.tensor ? &*known.tensor : nullptr;
}

const SymbolicTensor* KnownValues::symbolic(ValueId id) {
  if (id == ir::kNoValue) return nullptr;
  if (const auto it = captured_.find(id); it != captured_.end())
    return outer_->symbolic(it->second);
  const Known& known = find(id);
  return known.symbols ? &*known.symbols : nullptr;
}

const KnownValues::Known& KnownValues::find(ValueId id) {
  const auto [place, is_new] = known_.try_emplace(id);
  Known& known = place->second;  // which stays where it is
  if (!is_new) return known;
  if (const Tensor* tensor = graph_.constant(id)) {
    known.symbols = symbols_of(*tensor);
    return known;
  }
  const ir::Node* producer = graph_.producer(id);
  if (producer == nullptr || producer->output(0) != id || !is_small(graph_.tensor_type(id)) ||
      depth_ == kDeepest) {
    return known;
  }
  ++depth_;
  compute(*producer, known);
  --depth_;
  if (known.tensor && !known.symbols) known.symbols = symbols_of(*known.tensor);
  if (known.symbols && !known.tensor)
    known.tensor = tensor_of(*known.symbols, graph_.tensor_type(id).data_type);
  return known;
}

void KnownValues::compute(const ir::Node& node, Known& known) {
  const OpDef* op = find_op(node.domain, node.op_type);
  if (op == nullptr || op->traits.impure || !ir::subgraphs(node).empty()) return;
  const ir::TensorType& output = graph_.tensor_type(node.output());
  std::vector<const SymbolicTensor*> symbols;
  std::vector<ir::TensorType> types;
  std::vector<Tensor> tensors;
  bool all_known = !op->traits.reads_shapes_only;
  for (const ValueId input : node.inputs) {
    types.push_back(input == ir::kNoValue ? ir::TensorType{} : graph_.tensor_type(input));
    const bool looks_at_extents = op->traits.reads_shapes_only;
    symbols.push_back(looks_at_extents ? nullptr : symbolic(input));
    const Tensor* tensor = looks_at_extents ? nullptr : constant(input);
    const bool usable = tensor != nullptr && tensor->has_elements() &&
                        tensor->num_elements() <= kMostOperandElements;
    all_known = all_known && (input == ir::kNoValue || usable);
    tensors.push_back(usable ? *tensor : Tensor());
  }
  if (all_known) {
    auto outputs = evaluate_node(node, tensors);
    if (outputs.ok() && outputs->front().type() == output)
      known.tensor = std::move(outputs->front());
    return;
  }
  const SymbolicFn rule = op->traits.moves_elements ? symbolic_movement : op->symbolic;
  if (rule == nullptr) return;
  const Attributes attributes(node, *op->signature);
  auto result = rule({node, attributes, symbols, types, output});
  const auto dims = ir::known_dims(*output.shape);
  if (result && result->dims == *dims) known.symbols = std::move(result);
}

namespace {

void remove_unread(ir::Graph& graph, ir::NodeId id) {
  std::vector<ir::NodeId> candidates{id};
  while (!candidates.empty()) {
    const ir::NodeId next = candidates.back();
    candidates.pop_back();
    if (graph.is_removed(next)) continue;
    const ir::Node& node = graph.node(next);
    const bool is_read = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId output) {
      return output != ir::kNoValue && (graph.is_output(output) || !graph.readers(output).empty());
    });
    if (is_read) continue;
    const std::vector<ValueId> reads = node.reads();
    graph.remove_node(next);
    for (const ValueId read : reads) {
      if (graph.value(read).producer != ir::kNoNode)
        candidates.push_back(graph.value(read).producer);
    }
  }
}

}  // namespace

Status fold_known_values(ir::Graph& graph) {
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
  std::vector<std::pair<ir::NodeId, Tensor>> folded;
  KnownValues values(graph);
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    if (node.outputs.size() != 1 || graph.is_output(node.output())) continue;
    if (const Tensor* known = values.constant(node.output())) folded.emplace_back(id, *known);
  }
  for (auto& [id, tensor] : folded) {
    if (graph.is_removed(id)) continue;
    const ir::Node node = graph.node(id);
    graph.remove_node(id);
    graph.set_constant(node.output(), std::move(tensor));
    for (const ValueId read : node.reads()) {
      if (graph.value(read).producer != ir::kNoNode)
        remove_unread(graph, graph.value(read).producer);
    }
  }
  return {};
}

}  // namespace lathe::ops

// Nodes whose output is one of their inputs, unchanged.
#include <algorithm>
#include <cmath>
#include <optional>

#include "ops/attributes.h"
#include "ops/shape_math.h"
#include "passes/inline_graph.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::ValueId;

constexpr std::string_view kOperators[] = {
    "Add",     "AveragePool", "Cast",     "Clip",    "Concat",    "Div",      "Dropout",
    "Expand",  "Flatten",     "Identity", "Max",     "Mean",      "MaxPool",  "Min",
    "Mul",     "Pad",         "Pow",      "Reshape", "Resize",    "Slice",    "Split",
    "Squeeze", "Sub",         "Sum",      "Tile",    "Transpose", "Unsqueeze"};

bool is_used(const Graph& graph, ValueId id) {
  return id != ir::kNoValue && (graph.is_output(id) || !graph.readers(id).empty());
}

bool same_type(const Graph& graph, ValueId a, ValueId b) {
  return graph.tensor_type(a).data_type == graph.tensor_type(b).data_type &&
         ops::same_extents(graph.tensor_type(a), graph.tensor_type(b));
}

// A constant all of whose elements are this.
bool is_filled_with(const Graph& graph, ValueId id, double value) {
  const ir::Tensor* tensor = graph.constant(id);
  if (tensor == nullptr || !ir::is_numeric(tensor->data_type()) || !tensor->has_elements())
    return false;
  for (std::int64_t i = 0; i < tensor->num_elements(); ++i)
    if (tensor->get_double(i) != value) return false;
  return true;
}

// Attributes and operands that are absent say the same.
bool is_filled_or_absent(const Graph& graph, ValueId id, double value) {
  return id == ir::kNoValue || is_filled_with(graph, id, value);
}

bool has_all(const Node& node, std::string_view attribute, std::int64_t value) {
  const std::vector<std::int64_t>* values = ops::attributes(node).find_ints(attribute);
  return values == nullptr ||
         std::all_of(values->begin(), values->end(), [&](std::int64_t v) { return v == value; });
}

bool trains(const Graph& graph, const Node& dropout) {
  return !is_filled_or_absent(graph, dropout.input(2), 0);
}

// A window of one element.
bool is_pool_of_one(const Node& node) {
  return has_all(node, "kernel_shape", 1) && has_all(node, "strides", 1) &&
         has_all(node, "pads", 0);
}

bool is_identity_permutation(const Node& node) {
  const std::vector<std::int64_t>* perm = ops::attributes(node).find_ints("perm");
  if (perm == nullptr) return false;
  for (std::size_t i = 0; i < perm->size(); ++i)
    if ((*perm)[i] != static_cast<std::int64_t>(i)) return false;
  return true;
}

bool has_positive_steps(const Graph& graph, const Node& slice) {
  if (slice.input(4) == ir::kNoValue) return true;
  const ir::Tensor* steps = graph.constant(slice.input(4));
  if (steps == nullptr) return false;
  const std::vector<std::int64_t> values = steps->to_int64s();
  return std::all_of(values.begin(), values.end(), [](std::int64_t step) { return step > 0; });
}

bool keeps_size(const Graph& graph, const Node& resize) {
  return ops::attributes(resize).get_string("coordinate_transformation_mode") !=
             "tf_crop_and_resize" &&
         is_filled_or_absent(graph, resize.input(2), 1);
}

// The operand of a binary operator that stays what it is beside a neutral one.
std::optional<std::size_t> beside_neutral(const Graph& graph, const Node& node, double neutral,
                                          bool commutes) {
  if (is_filled_with(graph, node.input(1), neutral)) return 0;
  if (commutes && is_filled_with(graph, node.input(0), neutral)) return 1;
  return std::nullopt;
}

// The slot of the input that the node hands on, if its type is the output's.
std::optional<std::size_t> handed_on(const Graph& graph, const Node& node) {
  const auto first_if = [](bool condition) {
    return condition ? std::optional<std::size_t>(0) : std::nullopt;
  };
  if (node.is("Add")) return beside_neutral(graph, node, 0, true);
  if (node.is("Sub")) return beside_neutral(graph, node, 0, false);
  if (node.is("Mul")) return beside_neutral(graph, node, 1, true);
  if (node.is("Div") || node.is("Pow")) return beside_neutral(graph, node, 1, false);
  if (node.is("AveragePool") || node.is("MaxPool")) return first_if(is_pool_of_one(node));
  if (node.is("Clip"))
    return first_if(node.input(1) == ir::kNoValue && node.input(2) == ir::kNoValue);
  for (const std::string_view op : {"Concat", "Max", "Mean", "Min", "Sum"})
    if (node.is(op)) return first_if(node.inputs.size() == 1);
  if (node.is("Dropout")) return first_if(!trains(graph, node));
  if (node.is("Pad")) return first_if(is_filled_with(graph, node.input(1), 0));
  if (node.is("Resize")) return first_if(keeps_size(graph, node));
  if (node.is("Slice")) return first_if(has_positive_steps(graph, node));
  if (node.is("Split")) return first_if(node.outputs.size() == 1);
  if (node.is("Transpose")) return first_if(is_identity_permutation(node));
  return 0;  // which changes nothing if it does not change the type
}

bool takes_identity(const Graph& graph, ValueId value) {
  return ops::find_op("", "Identity")->signature->input(0)->types.contains(graph.type(value));
}

RuleResult apply(const Graph& graph, ir::NodeId id) {
  const Node& node = graph.node(id);
  if (!node.domain.empty() || is_used(graph, node.output(1))) return std::nullopt;
  const auto slot = handed_on(graph, node);
  if (!slot) return std::nullopt;
  const ValueId input = node.input(*slot);
  if (!node.is("Identity") && !node.is("Dropout") && !same_type(graph, input, node.output()))
    return std::nullopt;
  // A graph's output keeps its name, which an input, a constant or another output cannot take over.
  const bool is_fixed = graph.producer(input) == nullptr || graph.is_output(input);
  Patch patch;
  if (!graph.is_output(node.output()) || !is_fixed) {
    patch.replace_uses(node.output(), input);
  } else if (!node.is("Identity") && takes_identity(graph, input)) {
    replace_output(patch, graph, node.output(), input);
  } else {
    return std::nullopt;
  }
  return patch;
}

}  // namespace

const Rule kEliminateNoOps{"eliminate_no_ops", kOperators, apply};

}  // namespace lathe::passes

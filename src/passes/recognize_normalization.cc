// Layer normalization (Ba et al. 2016) and root mean square normalization (Zhang and Sennrich 2019)
// over the last axes, as they are exported below opsets 17 and 23.
#include <algorithm>
#include <optional>

#include "ops/attributes.h"
#include "passes/match.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::ValueId;

constexpr std::string_view kQuotients[] = {"Div", "Mul"};

// The first of the last axes that a ReduceMean goes over, with keepdims.
std::optional<std::size_t> first_reduced(const Graph& graph, const Node& mean) {
  const auto& shape = graph.tensor_type(mean.input(0)).shape;
  const ir::Tensor* axes = graph.constant(mean.input(1));
  if (!shape || axes == nullptr || !ops::attributes(mean).get_bool("keepdims")) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(shape->size());
  std::vector<std::int64_t> reduced = axes->to_int64s();
  for (std::int64_t& axis : reduced) axis += axis < 0 ? rank : 0;
  std::sort(reduced.begin(), reduced.end());
  for (std::size_t i = 0; i < reduced.size(); ++i) {
    if (reduced[i] != rank - static_cast<std::int64_t>(reduced.size() - i)) return std::nullopt;
  }
  if (reduced.empty()) return std::nullopt;
  return static_cast<std::size_t>(reduced.front());
}

// x / sqrt(mean(x^2) + epsilon) as a quotient, or as a product with a reciprocal.
struct Scaled {
  ValueId x;
  double epsilon;
  std::size_t axis;
};
std::optional<Scaled> scaled_to_one(const Graph& graph, const Node& node) {
  const auto match = [&](ValueId x, ValueId root) -> std::optional<Scaled> {
    const Node* sqrt = made_by(graph, root, "Sqrt");
    const auto sum =
        sqrt == nullptr ? std::nullopt : with_number(graph, made_by(graph, sqrt->input(0), "Add"));
    const Node* mean = sum ? made_by(graph, sum->value, "ReduceMean") : nullptr;
    if (mean == nullptr || !is_product(factors_of(graph, mean->input(0)), 1, {x, x}))
      return std::nullopt;
    const auto axis = first_reduced(graph, *mean);
    return axis ? std::optional(Scaled{x, sum->number, *axis}) : std::nullopt;
  };
  if (node.is("Div")) {
    if (is_number(graph, node.input(0), 1)) return std::nullopt;
    return match(node.input(0), node.input(1));
  }
  for (const std::size_t slot : {0, 1}) {
    const ValueId x = node.input(slot);
    const ValueId factor = node.input(1 - slot);
    if (const Node* reciprocal = made_by(graph, factor, "Reciprocal")) {
      if (const auto scaled = match(x, reciprocal->input(0))) return scaled;
    }
    const Node* quotient = made_by(graph, factor, "Div");
    if (quotient != nullptr && is_number(graph, quotient->input(0), 1)) {
      if (const auto scaled = match(x, quotient->input(1))) return scaled;
    }
  }
  return std::nullopt;
}

// A constant of ones for the axes from `axis` on; nothing where their extents are not known.
std::optional<ir::Tensor> ones(const Graph& graph, ValueId x, std::size_t axis) {
  const ir::TensorType& type = graph.tensor_type(x);
  const auto dims = ir::known_dims(
      ir::Shape(type.shape->begin() + static_cast<std::ptrdiff_t>(axis), type.shape->end()));
  if (!dims) return std::nullopt;
  const auto count = ir::element_count(*dims);
  constexpr std::int64_t kMost = 1 << 20;
  if (!count.ok() || *count > kMost) return std::nullopt;
  ir::Tensor tensor = ir::Tensor::zeros(type.data_type, *dims);
  for (std::int64_t i = 0; i < tensor.num_elements(); ++i) tensor.set_double(i, 1);
  return tensor;
}

RuleResult normalized(const Graph& graph, const Node& node, ValueId x, const Scaled& scaled,
                      std::string_view op) {
  auto scale = ones(graph, x, scaled.axis);
  if (!scale) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(graph.tensor_type(x).shape->size());
  Patch patch;
  const ValueId weights = patch.add_constant("scale", *std::move(scale));
  patch.replace_uses(
      node.output(),
      patch.add_node({.name = node.name,
                      .op_type = std::string(op),
                      .inputs = {x, weights},
                      .attributes = {{"axis", static_cast<std::int64_t>(scaled.axis) - rank},
                                     {"epsilon", static_cast<float>(scaled.epsilon)}}}));
  return patch;
}

RuleResult layer_normalization(const Graph& graph, ir::NodeId id) {
  const Node& node = graph.node(id);
  const auto scaled = scaled_to_one(graph, node);
  const Node* centred = scaled ? made_by(graph, scaled->x, "Sub") : nullptr;
  const Node* mean = centred == nullptr ? nullptr : made_by(graph, centred->input(1), "ReduceMean");
  if (mean == nullptr || mean->input(0) != centred->input(0) ||
      first_reduced(graph, *mean) != scaled->axis)
    return std::nullopt;
  return normalized(graph, node, centred->input(0), *scaled, "LayerNormalization");
}

RuleResult rms_normalization(const Graph& graph, ir::NodeId id) {
  const Node& node = graph.node(id);
  const auto scaled = scaled_to_one(graph, node);
  if (!scaled) return std::nullopt;
  return normalized(graph, node, scaled->x, *scaled, "RMSNormalization");
}

constexpr std::string_view kAffine[] = {"Add", "Mul"};

// A Mul or Add of one number for each normalized element joins the normalization before it.
RuleResult join_affine(const Graph& graph, ir::NodeId id) {
  const Node& node = graph.node(id);
  for (const std::size_t slot : {0, 1}) {
    const ValueId made = node.input(slot);
    const ir::Tensor* factor = graph.constant(node.input(1 - slot));
    const Node* norm = made_by(graph, made, "LayerNormalization");
    if (norm == nullptr) norm = made_by(graph, made, "RMSNormalization");
    if (norm == nullptr || factor == nullptr || norm->outputs.size() != 1 ||
        graph.readers(made).size() != 1 || graph.is_output(made))
      continue;
    const ir::Tensor* scale = graph.constant(norm->input(1));
    if (scale == nullptr || scale->dims() != factor->dims() ||
        scale->data_type() != factor->data_type() || !ir::is_floating_point(scale->data_type()) ||
        norm->input(2) != ir::kNoValue)
      continue;
    if (node.is("Add") && norm->is("RMSNormalization")) continue;
    Patch patch;
    Node joined = *norm;
    joined.outputs.clear();
    if (node.is("Add")) {
      joined.inputs.push_back(node.input(1 - slot));
    } else {
      ir::Tensor product = ir::Tensor::zeros(scale->data_type(), scale->dims());
      bool exact = true;
      for (std::int64_t i = 0; i < product.num_elements(); ++i) {
        exact = exact && scale->get_double(i) == 1;
        product.set_double(i, scale->get_double(i) * factor->get_double(i));
      }
      if (!exact) continue;
      joined.inputs[1] = patch.add_constant("scale", std::move(product));
    }
    patch.replace_uses(node.output(), patch.add_node(std::move(joined)));
    return patch;
  }
  return std::nullopt;
}

}  // namespace

const Rule kRecognizeLayerNormalization{"recognize_layer_normalization", kQuotients,
                                        layer_normalization, 17};
const Rule kRecognizeRmsNormalization{"recognize_rms_normalization", kQuotients, rms_normalization,
                                      23};
const Rule kJoinNormalizationAffine{"join_normalization_affine", kAffine, join_affine};

}  // namespace lathe::passes

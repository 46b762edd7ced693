#include "formats/onnx/lower_opset.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "formats/onnx/opsets.h"
#include "formats/onnx/same_word.h"
#include "ops/check_node.h"
#include "ops/shape_math.h"

namespace lathe::formats {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;

// Puts nodes in place of one; the last makes its output 0.
struct NewNode {
  std::string op_type;
  std::vector<ir::ValueId> inputs;
  ir::AttributeMap attributes = {};
};

ir::ValueId add(Graph& graph, const Node& original, NewNode node) {
  const ir::ValueId output =
      graph.add_value(graph.value(original.output()).name, graph.tensor_type(original.output()));
  graph.add_node({.name = {},
                  .domain = {},
                  .op_type = std::move(node.op_type),
                  .inputs = std::move(node.inputs),
                  .outputs = {output},
                  .attributes = std::move(node.attributes)});
  return output;
}

// x * HardSigmoid(x) with alpha 1/6, as the specification defines it.
Status lower_hard_swish(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const ir::ValueId gate =
      add(graph, node, {"HardSigmoid", {node.input(0)}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}}});
  const ir::ValueId product = add(graph, node, {"Mul", {node.input(0), gate}});
  graph.replace_uses(node.output(), product);
  graph.remove_node(id);
  return {};
}

// Before 13 all dimensions from `axis` on were normalised together: the one that is meant goes
// last.
Status lower_softmax(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const ir::TensorType type = graph.tensor_type(node.input(0));
  if (!type.shape) return unsupported("needs the rank of its input");
  const auto rank = static_cast<std::int64_t>(type.shape->size());
  std::int64_t axis = ops::attributes(node).get_int("axis");
  if (axis < 0) axis += rank;
  const bool is_last = std::all_of(type.shape->begin() + axis + 1, type.shape->end(),
                                   [](const ir::Dim& dim) { return dim == ir::Dim(1); });
  if (is_last) {
    graph.set_attribute(id, "axis", axis);
    return {};
  }
  // A swap is its own way back.
  std::vector<std::int64_t> swap(static_cast<std::size_t>(rank));
  std::iota(swap.begin(), swap.end(), 0);
  std::swap(swap[static_cast<std::size_t>(axis)], swap.back());
  const ir::ValueId there = add(graph, node, {"Transpose", {node.input(0)}, {{"perm", swap}}});
  const ir::ValueId normal = add(graph, node, {node.op_type, {there}, {{"axis", rank - 1}}});
  const ir::ValueId back = add(graph, node, {"Transpose", {normal}, {{"perm", swap}}});
  for (const ir::ValueId inner : {there, normal}) {
    ir::Shape shape = *type.shape;
    std::swap(shape[static_cast<std::size_t>(axis)], shape.back());
    graph.set_type(inner, {type.data_type, std::move(shape)});
  }
  graph.replace_uses(node.output(), back);
  graph.remove_node(id);
  return {};
}

// Input `constant_value` was attribute `value`.
Status lower_pad(Graph& graph, NodeId id) {
  const ir::ValueId value = graph.node(id).input(2);
  if (value == ir::kNoValue) return {};
  const ir::Tensor* constant = graph.constant(value);
  if (constant == nullptr || !ir::is_numeric(constant->data_type()))
    return unsupported("constant_value is no constant number");
  const auto number = static_cast<float>(constant->get_double(0));
  if (static_cast<double>(number) != constant->get_double(0))
    return unsupported("constant_value is no float32, as it was");
  graph.set_attribute(id, "value", number);
  graph.set_input(id, 2, ir::kNoValue);
  return {};
}

// No axes were all those of extent 1; none of them cannot be said.
Status lower_squeeze(Graph& graph, NodeId id) {
  const ir::Tensor* axes = graph.constant(graph.node(id).input(1));
  if (axes != nullptr && axes->num_elements() == 0) return unsupported("axes are empty");
  return {};
}

// There was one scale for the whole tensor.
Status lower_linear_quantization(Graph& graph, NodeId id) {
  const auto& scale = graph.tensor_type(graph.node(id).input(1)).shape;
  if (!scale) return unsupported("needs the rank of its scale");
  const bool is_one = std::all_of(scale->begin(), scale->end(),
                                  [](const ir::Dim& dim) { return dim == ir::Dim(1); });
  return is_one ? Status{} : unsupported("a scale for each channel came with opset 13");
}

// The remainder of the quotient rounded down was one of integers.
Status lower_mod(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const bool is_new = !ops::attributes(node).get_bool("fmod") &&
                      ir::is_floating_point(graph.tensor_type(node.input(0)).data_type);
  return is_new ? unsupported("fmod=0 of floating point came with opset 28") : Status{};
}

// As many parts as outputs had to be equal.
Status lower_split(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const std::int64_t* count = ops::attributes(node).find_int("num_outputs");
  if (count == nullptr) return {};
  const auto& shape = graph.tensor_type(node.input(0)).shape;
  if (!shape) return unsupported("needs the rank of its input");
  ASSIGN_OR_RETURN(const std::size_t axis,
                   ops::normalize_axis(ops::attributes(node).get_int("axis"), shape->size()));
  const ir::Dim& extent = (*shape)[axis];
  if (!extent.known() || extent.value() % *count != 0)
    return unsupported("parts that need not be equal came with opset 18");
  graph.remove_attribute(id, "num_outputs");
  return {};
}

// An axis that is not given was axis 1.
Status lower_dft(Graph& graph, NodeId id) {
  const ir::ValueId axis = graph.node(id).input(2);
  if (axis == ir::kNoValue) graph.set_attribute(id, "axis", std::int64_t{-2});
  return {};
}

// There was one scale for each group.
Status lower_group_normalization(Graph&, NodeId) {
  return unsupported("a scale for each channel came with opset 21");
}

Status lower_resize_19(Graph& graph, NodeId id) {
  constexpr const char* kMode = "coordinate_transformation_mode";
  const std::string& mode = ops::attributes(graph.node(id)).get_string(kMode);
  return mode == "half_pixel_symmetric" ? unsupported("{} '{}' came with opset 19", kMode, mode)
                                        : Status{};
}

// roi and scales could not be absent, but empty.
Status lower_resize_13(Graph& graph, NodeId id) {
  RETURN_IF_ERROR(lower_resize_19(graph, id));
  for (const std::size_t slot : {1U, 2U}) {
    if (graph.node(id).input(slot) != ir::kNoValue) continue;
    graph.set_input(id, slot,
                    graph.add_constant("empty", ir::Tensor::zeros(ir::DataType::kFloat32, {0})));
  }
  return {};
}

Status lower_scatter(Graph& graph, NodeId id) {
  const std::string& reduction = ops::attributes(graph.node(id)).get_string("reduction");
  const bool came_later = reduction == "max" || reduction == "min";
  return came_later ? unsupported("reduction '{}' came with opset 18", reduction) : Status{};
}

// The modes were named after two spatial axes, and there were no others.
Status lower_grid_sample(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const ir::TensorType& x = graph.tensor_type(node.input(0));
  if (!x.has_rank(4)) return unsupported("other than two spatial axes came with opset 20");
  const std::string mode = ops::attributes(node).get_string("mode");
  if (mode == "linear") graph.set_attribute(id, "mode", std::string("bilinear"));
  if (mode == "cubic") graph.set_attribute(id, "mode", std::string("bicubic"));
  return {};
}

// Coordinates were not moved by half an element.
Status lower_roi_align(Graph& graph, NodeId id) {
  constexpr const char* kMode = "coordinate_transformation_mode";
  const std::string mode = ops::attributes(graph.node(id)).get_string(kMode);
  if (mode != "output_half_pixel") return unsupported("{} '{}' came with opset 16", kMode, mode);
  graph.remove_attribute(id, kMode);
  return {};
}

// What the signatures do not tell. Runs before they are compared; `before`: for older opsets.
struct Change {
  std::string_view op_type;
  int before;
  Status (*lower)(Graph&, NodeId);
};
constexpr Change kChanges[] = {{"DFT", 20, lower_dft},
                               {"DequantizeLinear", 13, lower_linear_quantization},
                               {"GridSample", 20, lower_grid_sample},
                               {"GroupNormalization", 21, lower_group_normalization},
                               {"HardSwish", 14, lower_hard_swish},
                               {"Hardmax", 13, lower_softmax},
                               {"LogSoftmax", 13, lower_softmax},
                               {"Mod", 28, lower_mod},
                               {"Pad", 11, lower_pad},
                               {"QuantizeLinear", 13, lower_linear_quantization},
                               {"Resize", 13, lower_resize_13},
                               {"Resize", 19, lower_resize_19},
                               {"RoiAlign", 16, lower_roi_align},
                               {"ScatterElements", 18, lower_scatter},
                               {"ScatterND", 18, lower_scatter},
                               {"Softmax", 13, lower_softmax},
                               {"Split", 18, lower_split},
                               {"Squeeze", 13, lower_squeeze}};

// What nodes may state without saying anything, before there was a word for it.
bool says_nothing(std::string_view attribute, const ir::Attribute& value) {
  const auto* numbers = std::get_if<std::vector<std::int64_t>>(&value);
  return attribute == "dilations" && numbers != nullptr &&
         std::all_of(numbers->begin(), numbers->end(), [](std::int64_t v) { return v == 1; });
}
bool says_nothing(std::string_view input, const ir::Tensor* constant) {
  return input == "training_mode" && constant != nullptr && constant->num_elements() == 1 &&
         constant->get_int64(0) == 0;
}

Result<ir::Attribute> as_attribute(const ir::Tensor& tensor, ops::AttributeKind kind) {
  switch (kind) {
    case ops::AttributeKind::kInts:
      return ir::Attribute(tensor.to_int64s());
    case ops::AttributeKind::kFloats:
      return ir::Attribute(tensor.to_floats());
    case ops::AttributeKind::kInt:
      if (tensor.num_elements() == 1) return ir::Attribute(tensor.get_int64(0));
      break;
    case ops::AttributeKind::kFloat:
      if (tensor.num_elements() != 1) break;
      if (const double v = tensor.get_double(0); static_cast<double>(static_cast<float>(v)) != v)
        return unsupported("is {}, which is no float32", v);
      return ir::Attribute(static_cast<float>(tensor.get_double(0)));
    default:
      break;
  }
  return unsupported("is {}, which no attribute of kind {} can be", tensor.type().to_string(),
                     ops::attribute_kind_name(kind));
}

// Inputs that were attributes.
Status move_inputs(Graph& graph, NodeId id, const ops::Signature& now, const ops::Signature& old) {
  for (std::size_t i = graph.node(id).inputs.size(); i-- > 0;) {
    const ir::ValueId value = graph.node(id).input(i);
    if (i < old.inputs.size() || old.max_inputs == ops::kVariadic || value == ir::kNoValue)
      continue;
    const std::string_view name = now.input(i)->name;
    if (says_nothing(name, graph.constant(value))) {
      graph.set_input(id, i, ir::kNoValue);
      continue;
    }
    const auto place = [&] { return fmt::format("input {} ({})", i, name); };
    const auto attribute =
        std::find_if(old.attributes.begin(), old.attributes.end(),
                     [&](const ops::AttributeSignature& a) { return same_word(a.name, name); });
    if (attribute == old.attributes.end()) return unsupported("{} is of a later opset", place());
    const ir::Tensor* constant = graph.constant(value);
    if (constant == nullptr || !ir::is_numeric(constant->data_type()))
      return unsupported("{} has to be constant, since it was an attribute", place());
    auto moved = as_attribute(*constant, attribute->kind);
    if (!moved.ok()) return moved.error().with_context(place());
    graph.set_attribute(id, attribute->name, *std::move(moved));
    graph.set_input(id, i, ir::kNoValue);
  }
  return {};
}

Status move_attributes(Graph& graph, NodeId id, const ops::Signature& now,
                       const ops::Signature& old) {
  const ir::AttributeMap given = graph.node(id).attributes;
  for (const auto& [name, value] : given) {
    if (old.attribute(name) != nullptr) continue;
    const ops::AttributeSignature* known = now.attribute(name);
    const bool is_default = known != nullptr && known->default_value &&
                            ir::to_string(*known->default_value) == ir::to_string(value);
    if (!is_default && !says_nothing(name, value)) {
      return unsupported("attribute '{}' is {}, which is of a later opset", name,
                         ir::to_string(value));
    }
    graph.remove_attribute(id, name);
  }
  for (const ops::AttributeSignature& today : now.attributes) {
    if (!today.default_value || graph.node(id).has_attribute(today.name)) continue;
    const ops::AttributeSignature* before = old.attribute(today.name);
    if (before == nullptr) continue;
    const bool same = before->default_value &&
                      ir::to_string(*before->default_value) == ir::to_string(*today.default_value);
    if (!same) graph.set_attribute(id, today.name, *today.default_value);
  }
  return {};
}

class Lowering {
 public:
  explicit Lowering(int opset) : opset_(opset) {}

  Status run(Graph& graph) const {
    for (const NodeId id : graph.node_ids()) {
      const std::string place = fmt::format("node {}", ir::describe_node(graph, id));
      RETURN_IF_ERROR(lower_subgraphs(graph, id).with_context(place));
      RETURN_IF_ERROR(
          lower(graph, id).with_context(fmt::format("opset {}", opset_)).with_context(place));
    }
    return {};
  }

 private:
  Status lower(Graph& graph, NodeId id) const {
    const Node& node = graph.node(id);
    if (!node.domain.empty()) return {};
    const ops::Signature& now = *ops::find_op(node.domain, node.op_type)->signature;
    const ops::Signature* old = ops::find_signature(node.domain, node.op_type, opset_);
    if (old == &now) return {};
    const auto* change = std::find_if(
        std::begin(kChanges), std::end(kChanges),
        [&](const Change& c) { return c.op_type == node.op_type && opset_ < c.before; });
    if (change != std::end(kChanges)) {
      auto added = static_cast<NodeId>(graph.node_id_limit());
      RETURN_IF_ERROR(change->lower(graph, id));
      const auto end = static_cast<NodeId>(graph.node_id_limit());
      for (; graph.is_removed(id) && added < end; ++added) {
        const Node& stands_for_it = graph.node(added);
        const auto* signature = ops::find_signature("", stands_for_it.op_type, opset_);
        RETURN_IF_ERROR(ops::check_signature(graph, stands_for_it, *signature)
                            .with_context(stands_for_it.op_type));
      }
      if (graph.is_removed(id)) return {};
    }
    if (old == nullptr) {
      return unsupported("the operator exists since opset {}",
                         ops::signature_versions(node.domain, node.op_type).front()->since);
    }
    RETURN_IF_ERROR(move_inputs(graph, id, now, *old));
    RETURN_IF_ERROR(move_attributes(graph, id, now, *old));
    // Types that the opset lacks.
    const Status fits = ops::check_signature(graph, graph.node(id), *old);
    return fits.ok() ? fits : unsupported("{}", fits.error().message());
  }

  Status lower_subgraphs(Graph& graph, NodeId id) const {
    const ir::AttributeMap attributes = graph.node(id).attributes;
    for (const auto& [key, attribute] : attributes) {
      if (const auto* one = std::get_if<ir::Subgraph>(&attribute)) {
        ASSIGN_OR_RETURN(ir::Subgraph body, lower_subgraph(*one));
        graph.set_attribute(id, key, std::move(body));
      } else if (const auto* list = std::get_if<std::vector<ir::Subgraph>>(&attribute)) {
        std::vector<ir::Subgraph> bodies;
        for (const ir::Subgraph& item : *list) {
          ASSIGN_OR_RETURN(ir::Subgraph body, lower_subgraph(item));
          bodies.push_back(std::move(body));
        }
        graph.set_attribute(id, key, std::move(bodies));
      }
    }
    return {};
  }

  Result<ir::Subgraph> lower_subgraph(const ir::Subgraph& given) const {
    Graph body = *given.graph;
    RETURN_IF_ERROR(run(body));
    RETURN_IF_ERROR(body.compact());
    return ir::Subgraph{std::make_shared<const Graph>(std::move(body)), given.captures};
  }

  int opset_;
};

}  // namespace

Result<Graph> lower_opset(const Graph& graph, int opset) {
  if (opset < kOldestOpset || opset > ir::kCanonicalOpset) {
    return invalid_argument("opset {}: expected {} to {}", opset, kOldestOpset,
                            ir::kCanonicalOpset);
  }
  Graph lowered = graph;
  RETURN_IF_ERROR(Lowering(opset).run(lowered));
  return lowered;
}

Result<AtOpset> oldest_opset(const Graph& graph, int least) {
  for (int opset = least; opset < ir::kCanonicalOpset; ++opset) {
    if (auto lowered = lower_opset(graph, opset); lowered.ok())
      return AtOpset{*std::move(lowered), opset};
  }
  return AtOpset{graph, ir::kCanonicalOpset};
}

}  // namespace lathe::formats

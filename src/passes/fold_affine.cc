// A constant for each channel that is added to what a layer makes joins its bias, one that it is
// multiplied by its weights; a product of matrices with such a sum behind it is a Gemm.
#include <algorithm>

#include "passes/affine_layer.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::ValueId;

constexpr std::string_view kOperators[] = {"Add", "Div", "Mul", "Sub"};

// The elements of a constant that is broadcast to a tensor of `rank` axes and differs along axis 1
// at most.
std::optional<std::vector<double>> by_channel(const ir::Tensor& constant, std::size_t rank,
                                              std::int64_t channels) {
  if (constant.data_type() != ir::DataType::kFloat32 || constant.rank() > rank ||
      !constant.has_elements())
    return std::nullopt;
  for (std::size_t i = 0; i < constant.rank(); ++i) {
    const std::size_t axis = rank - constant.rank() + i;
    if (constant.dim(i) != 1 && (axis != 1 || constant.dim(i) != channels)) return std::nullopt;
  }
  std::vector<double> values;
  for (std::int64_t c = 0; c < channels; ++c)
    values.push_back(constant.get_double(constant.num_elements() == 1 ? 0 : c));
  return values;
}

std::optional<Patch> join_layer(const Graph& graph, const Node& node, std::size_t slot) {
  const ValueId made = node.input(slot);
  const ir::Tensor* constant = graph.constant(node.input(1 - slot));
  const auto channels = layer_channels(graph, made);
  const auto& shape = graph.tensor_type(made).shape;
  if (constant == nullptr || !channels || !shape || shape->size() < 2) return std::nullopt;
  const auto values = by_channel(*constant, shape->size(), *channels);
  if (!values) return std::nullopt;
  ChannelAffine affine{std::vector<double>(values->size(), 1),
                       std::vector<double>(values->size(), 0)};
  for (std::size_t c = 0; c < values->size(); ++c) {
    const double value = (*values)[c];
    if (node.is("Add")) affine.offset[c] = value;
    if (node.is("Sub")) affine.offset[c] = -value;
    if (node.is("Mul")) affine.factor[c] = value;
    if (node.is("Div")) affine.factor[c] = 1 / value;
  }
  return fold_into_layer(graph, node, made, affine);
}

// MatMul of a matrix by constant weights, plus a row.
std::optional<Patch> as_gemm(const Graph& graph, const Node& node, std::size_t slot) {
  const ValueId made = node.input(slot);
  const Node* product = graph.producer(made);
  const ir::Tensor* row = graph.constant(node.input(1 - slot));
  if (!node.is("Add") || product == nullptr || !product->is("MatMul") || row == nullptr ||
      graph.is_output(made) || graph.readers(made).size() != 1 ||
      !graph.tensor_type(product->input(0)).has_rank(2))
    return std::nullopt;
  const ir::Tensor* weights = graph.constant(product->input(1));
  if (weights == nullptr || weights->rank() != 2 ||
      weights->data_type() != ir::DataType::kFloat32 || row->rank() != 1 ||
      row->dim(0) != weights->dim(1))
    return std::nullopt;
  Patch patch;
  patch.replace_uses(
      node.output(),
      patch.add_node({.name = product->name.empty() ? node.name : product->name,
                      .op_type = "Gemm",
                      .inputs = {product->input(0), product->input(1), node.input(1 - slot)}}));
  return patch;
}

RuleResult apply(const Graph& graph, ir::NodeId id) {
  const Node& node = graph.node(id);
  const bool commutes = node.is("Add") || node.is("Mul");
  for (std::size_t slot = 0; slot < (commutes ? 2U : 1U); ++slot) {
    if (auto patch = join_layer(graph, node, slot)) return patch;
    if (auto patch = as_gemm(graph, node, slot)) return patch;
  }
  return std::nullopt;
}

}  // namespace

const Rule kFoldAffine{"fold_affine", kOperators, apply};

}  // namespace lathe::passes

#include "passes/passes.h"
#include "passes/transposed_convolution.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"ConvTranspose"};

// By constant weights, so that the kernels of convolutions compute it.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const ir::Tensor* weights = graph.constant(node.input(1));
  const ir::Tensor* bias = graph.constant(node.input(2));
  if (weights == nullptr || (node.input(2) != ir::kNoValue && bias == nullptr)) return std::nullopt;
  const auto transposed = transposed_convolution(graph, node, *weights);
  if (!transposed) return std::nullopt;
  const std::string& name = graph.value(node.input(1)).name;
  Patch patch;
  ir::Node conv{.name = node.name,
                .op_type = "Conv",
                .inputs = {node.input(0), patch.add_constant(name + ".phases",
                                                             transposed->weights(*weights, {0}))},
                .attributes = transposed->convolution};
  if (bias != nullptr) {
    conv.inputs.push_back(patch.add_constant(graph.value(node.input(2)).name + ".phases",
                                             transposed->per_channel(*bias)));
  }
  patch.replace_uses(node.output(), transposed->assemble(patch.add_node(std::move(conv)), patch));
  return patch;
}

}  // namespace

const Rule kDecomposeConvTranspose{"decompose_conv_transpose", kOperators, apply};

}  // namespace lathe::passes

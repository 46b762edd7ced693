// Batch normalization joins the layer before it.
#include <cmath>

#include "ops/attributes.h"
#include "passes/affine_layer.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"BatchNormalization"};

// Nothing where a statistic is computed, or is not one number per channel.
std::optional<ChannelAffine> normalization(const ir::Graph& graph, const ir::Node& node,
                                           std::int64_t channels) {
  const ir::Tensor* parts[4];
  for (std::size_t i = 0; i < 4; ++i) {
    parts[i] = graph.constant(node.input(i + 1));
    if (parts[i] == nullptr || parts[i]->num_elements() != channels) return std::nullopt;
  }
  const double epsilon = static_cast<double>(ops::attributes(node).get_float("epsilon"));
  ChannelAffine affine;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double factor = parts[0]->get_double(c) / std::sqrt(parts[3]->get_double(c) + epsilon);
    affine.factor.push_back(factor);
    affine.offset.push_back(parts[1]->get_double(c) - parts[2]->get_double(c) * factor);
  }
  return affine;
}

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& norm = graph.node(id);
  if (norm.outputs.size() > 1 || ops::attributes(norm).get_bool("training_mode"))
    return std::nullopt;
  const auto channels = layer_channels(graph, norm.input(0));
  if (!channels) return std::nullopt;
  const auto affine = normalization(graph, norm, *channels);
  if (!affine) return std::nullopt;
  return fold_into_layer(graph, norm, norm.input(0), *affine);
}

}  // namespace

const Rule kFoldBatchNormalization{"fold_batch_normalization", kOperators, apply};

}  // namespace lathe::passes

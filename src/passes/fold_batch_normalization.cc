#include <cmath>

#include "ops/attributes.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

// y = factor * x + offset per channel.
struct Affine {
  std::vector<double> factor;
  std::vector<double> offset;
};

// Empty where a statistic is computed, or is not one number per channel.
std::optional<Affine> normalization(const ir::Graph& graph, const ir::Node& node,
                                    std::int64_t channels) {
  const ir::Tensor* parts[4];
  for (std::size_t i = 0; i < 4; ++i) {
    parts[i] = graph.constant(node.input(i + 1));
    if (parts[i] == nullptr || parts[i]->num_elements() != channels) return std::nullopt;
  }
  const double epsilon = static_cast<double>(ops::attributes(node).get_float("epsilon"));
  Affine affine;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double factor = parts[0]->get_double(c) / std::sqrt(parts[3]->get_double(c) + epsilon);
    affine.factor.push_back(factor);
    affine.offset.push_back(parts[1]->get_double(c) - parts[2]->get_double(c) * factor);
  }
  return affine;
}

// Weights with each output channel scaled; `channel_axis` is the axis of output channels.
ir::Tensor scale_channels(const ir::Tensor& weights, const std::vector<double>& factor,
                          std::size_t channel_axis) {
  ir::Tensor scaled = ir::Tensor::zeros(ir::DataType::kFloat32, weights.dims());
  const auto from = weights.data<float>();
  auto to = scaled.mutable_data<float>();
  std::size_t inner = 1;
  for (std::size_t i = channel_axis + 1; i < weights.rank(); ++i) {
    inner *= static_cast<std::size_t>(weights.dim(i));
  }
  std::size_t channel = 0;
  for (std::size_t begin = 0; begin < from.size(); begin += inner) {
    const double f = factor[channel];
    for (std::size_t i = begin; i < begin + inner; ++i)
      to[i] = static_cast<float>(static_cast<double>(from[i]) * f);
    channel = channel + 1 == factor.size() ? 0 : channel + 1;
  }
  return scaled;
}

constexpr std::string_view kOperators[] = {"BatchNormalization"};

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& norm = graph.node(id);
  const ir::ValueId middle = norm.input(0);
  const ir::Node* layer = graph.producer(middle);
  if (layer == nullptr || graph.is_output(middle) || graph.readers(middle).size() != 1)
    return std::nullopt;
  const bool is_gemm = layer->is("Gemm") && ops::attributes(*layer).get_float("beta") == 1;
  if (!layer->is("Conv") && !is_gemm) return std::nullopt;
  const ir::Tensor* weights = graph.constant(layer->input(1));
  const ir::Tensor* bias = graph.constant(layer->input(2));
  if (weights == nullptr || weights->data_type() != ir::DataType::kFloat32 ||
      (layer->input(2) != ir::kNoValue && bias == nullptr)) {
    return std::nullopt;
  }
  const std::size_t axis = layer->is("Conv") || ops::attributes(*layer).get_bool("transB") ? 0 : 1;
  const std::int64_t channels = weights->dim(axis);
  const auto affine = normalization(graph, norm, channels);
  if (!affine || (bias != nullptr && (bias->rank() != 1 || bias->num_elements() != channels)))
    return std::nullopt;

  ir::Tensor new_bias = ir::Tensor::zeros(ir::DataType::kFloat32, {channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<std::size_t>(c);
    const double old = bias == nullptr ? 0.0 : bias->get_double(c);
    new_bias.set_double(c, old * affine->factor[i] + affine->offset[i]);
  }
  const ir::NodeId layer_id = graph.value(middle).producer;
  const std::string& weight_name = graph.value(layer->input(1)).name;
  Patch patch;
  patch.set_input(
      layer_id, 1,
      patch.add_constant(weight_name + ".folded", scale_channels(*weights, affine->factor, axis)));
  patch.set_input(layer_id, 2, patch.add_constant(weight_name + ".bias", std::move(new_bias)));
  patch.replace_uses(norm.output(), middle);
  return patch;
}

}  // namespace

const Rule kFoldBatchNormalization{"fold_batch_normalization", kOperators, apply};

}  // namespace lathe::passes

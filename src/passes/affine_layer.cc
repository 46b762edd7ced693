#include "passes/affine_layer.h"

#include <algorithm>

#include "ops/attributes.h"

namespace lathe::passes {
namespace {

// The axis of the output channels in the layer's weights.
std::size_t channel_axis(const ir::Node& layer) {
  if (layer.is("Gemm")) return ops::attributes(layer).get_bool("transB") ? 0 : 1;
  return layer.is("ConvTranspose") ? 1 : 0;
}

// Weights with each output channel scaled.
ir::Tensor scale_channels(const ir::Tensor& weights, const std::vector<double>& factor,
                          std::size_t axis) {
  if (std::all_of(factor.begin(), factor.end(), [](double f) { return f == 1; })) return weights;
  ir::Tensor scaled = ir::Tensor::zeros(ir::DataType::kFloat32, weights.dims());
  const auto from = weights.data<float>();
  auto to = scaled.mutable_data<float>();
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < weights.rank(); ++i)
    inner *= static_cast<std::size_t>(weights.dim(i));
  std::size_t channel = 0;
  for (std::size_t begin = 0; begin < from.size(); begin += inner) {
    const double f = factor[channel];
    for (std::size_t i = begin; i < begin + inner; ++i)
      to[i] = static_cast<float>(static_cast<double>(from[i]) * f);
    channel = channel + 1 == factor.size() ? 0 : channel + 1;
  }
  return scaled;
}

}  // namespace

std::optional<std::int64_t> layer_channels(const ir::Graph& graph, ir::ValueId value) {
  const ir::Node* layer = graph.producer(value);
  if (layer == nullptr || !layer->domain.empty() || graph.is_output(value) ||
      graph.readers(value).size() != 1)
    return std::nullopt;
  const bool is_layer =
      layer->is("Conv") ||
      (layer->is("ConvTranspose") && ops::attributes(*layer).get_int("group") == 1) ||
      (layer->is("Gemm") && ops::attributes(*layer).get_float("beta") == 1);
  if (!is_layer) return std::nullopt;
  const ir::Tensor* weights = graph.constant(layer->input(1));
  const ir::Tensor* bias = graph.constant(layer->input(2));
  if (weights == nullptr || weights->data_type() != ir::DataType::kFloat32 ||
      weights->rank() <= channel_axis(*layer) ||
      (layer->input(2) != ir::kNoValue && bias == nullptr))
    return std::nullopt;
  const std::int64_t channels = weights->dim(channel_axis(*layer));
  if (bias != nullptr && (bias->rank() != 1 || bias->num_elements() != channels))
    return std::nullopt;
  return channels;
}

Patch fold_into_layer(const ir::Graph& graph, const ir::Node& node, ir::ValueId value,
                      const ChannelAffine& affine) {
  const ir::NodeId layer_id = graph.value(value).producer;
  const ir::Node& layer = graph.node(layer_id);
  const ir::Tensor& weights = *graph.constant(layer.input(1));
  const ir::Tensor* bias = graph.constant(layer.input(2));
  const auto channels = static_cast<std::int64_t>(affine.factor.size());
  ir::Tensor new_bias = ir::Tensor::zeros(ir::DataType::kFloat32, {channels});
  bool has_bias = bias != nullptr;
  for (std::int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<std::size_t>(c);
    const double old = bias == nullptr ? 0.0 : bias->get_double(c);
    new_bias.set_double(c, old * affine.factor[i] + affine.offset[i]);
    has_bias = has_bias || affine.offset[i] != 0;
  }
  const std::string& name = graph.value(layer.input(1)).name;
  Patch patch;
  ir::Tensor scaled = scale_channels(weights, affine.factor, channel_axis(layer));
  if (!scaled.identical(weights))
    patch.set_input(layer_id, 1, patch.add_constant(name + ".folded", std::move(scaled)));
  if (has_bias) patch.set_input(layer_id, 2, patch.add_constant(name + ".bias", new_bias));
  patch.replace_uses(node.output(), value);
  return patch;
}

}  // namespace lathe::passes

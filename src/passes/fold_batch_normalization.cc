#include <cmath>

#include "passes/passes.h"

namespace lathe::passes {
namespace {

// y = factor * x + offset per channel.
struct Affine {
  std::vector<double> factor;
  std::vector<double> offset;
};

std::optional<Affine> normalization(const ir::Graph& graph, const ir::Node& node) {
  const ir::Tensor* parts[4];
  for (std::size_t i = 0; i < 4; ++i) {
    parts[i] = graph.constant(node.input(i + 1));
    if (parts[i] == nullptr) return std::nullopt;
  }
  const double epsilon = static_cast<double>(node.attribute_float("epsilon", 1e-5F));
  Affine affine;
  for (std::int64_t c = 0; c < parts[0]->num_elements(); ++c) {
    const double factor = parts[0]->get_double(c) / std::sqrt(parts[3]->get_double(c) + epsilon);
    affine.factor.push_back(factor);
    affine.offset.push_back(parts[1]->get_double(c) - parts[2]->get_double(c) * factor);
  }
  return affine;
}

// Weights with each output channel scaled; `channel_axis` is the axis of output channels.
ir::Tensor scale_channels(const ir::Tensor& weights, const std::vector<double>& factor,
                          std::size_t channel_axis) {
  ir::Tensor scaled = weights;
  auto values = scaled.mutable_data<float>();
  std::size_t inner = 1;
  for (std::size_t i = channel_axis + 1; i < weights.rank(); ++i) {
    inner *= static_cast<std::size_t>(weights.dim(i));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] =
        static_cast<float>(static_cast<double>(values[i]) * factor[i / inner % factor.size()]);
  }
  return scaled;
}

}  // namespace

PassResult fold_batch_normalization(const ir::Graph& graph) {
  std::optional<ir::Graph> rewritten;
  const auto consumers = graph.consumers();
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& norm = graph.node(id);
    if (!norm.is("BatchNormalization")) continue;
    const ir::ValueId middle = norm.input(0);
    const ir::NodeId layer_id = graph.value(middle).producer;
    if (layer_id == ir::kNoNode || graph.is_output(middle) ||
        consumers[static_cast<std::size_t>(middle)].size() != 1) {
      continue;
    }
    const ir::Node& layer = graph.node(layer_id);
    const bool is_gemm = layer.is("Gemm") && layer.attribute_float("beta", 1) == 1;
    if (!layer.is("Conv") && !is_gemm) continue;
    const ir::Tensor* weights = graph.constant(layer.input(1));
    const ir::Tensor* bias = graph.constant(layer.input(2));
    const bool bias_fits = layer.input(2) == ir::kNoValue || (bias != nullptr && bias->rank() == 1);
    const auto affine = normalization(graph, norm);
    if (weights == nullptr || weights->data_type() != ir::DataType::kFloat32 || !bias_fits ||
        !affine) {
      continue;
    }
    const auto channels = static_cast<std::int64_t>(affine->factor.size());
    if (bias != nullptr && bias->num_elements() != channels) continue;

    if (!rewritten) rewritten = graph;
    const std::size_t axis = layer.is("Conv") || layer.attribute_int("transB", 0) != 0 ? 0 : 1;
    ir::Tensor new_bias = ir::Tensor::zeros(ir::DataType::kFloat32, {channels});
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto i = static_cast<std::size_t>(c);
      const double old = bias == nullptr ? 0.0 : bias->get_double(c);
      new_bias.set_double(c, old * affine->factor[i] + affine->offset[i]);
    }
    const std::string& weight_name = graph.value(layer.input(1)).name;
    rewritten->set_input(layer_id, 1,
                         rewritten->add_constant(weight_name + ".folded",
                                                 scale_channels(*weights, affine->factor, axis)));
    rewritten->set_input(layer_id, 2,
                         rewritten->add_constant(weight_name + ".bias", std::move(new_bias)));
    rewritten->replace_uses(norm.output(), middle);
    rewritten->remove_node(id);
  }
  return rewritten;
}

}  // namespace lathe::passes

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/infer_shapes.h"
#include "shrink/quantize/quantization_points.h"
#include "shrink/quantize/quantize.h"

namespace lathe::shrink {
namespace {

using ir::Graph;
using ir::Tensor;
using ir::ValueId;

// Rewrites a graph in place. Names of values are short, since they are most of what quantization
// adds to a small model's file; nodes are named after the value or layer that they belong to.
class Inserter {
 public:
  Inserter(const Graph& graph, const ActivationRanges& ranges) : graph_(graph), ranges_(ranges) {}

  Status activation(const QuantizationPoint& point) {
    const auto range = ranges_.find(graph_.value(point.range_of).name);
    if (range == ranges_.end()) {
      return error(ErrorCode::kInternal, "no range for '{}'", graph_.value(point.range_of).name);
    }
    const Int8Parameters parameters = int8_parameters(range->second);
    const ValueId scale = scale_constant(parameters.scale);
    const ValueId zero = zero_constant(parameters.zero_point);
    const std::string base = fmt::format("a{}", ++activations_);
    const std::string name = graph_.value(point.value).name;
    const std::vector<ir::NodeId> readers = graph_.value(point.value).readers;
    const ValueId quantized =
        add("QuantizeLinear", name + ".quantize", {point.value, scale, zero}, base + "q");
    const ValueId real =
        add("DequantizeLinear", name + ".dequantize", {quantized, scale, zero}, base + "d");
    for (const ir::NodeId reader : readers) {
      const ir::Node& node = graph_.node(reader);
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        if (node.inputs[i] == point.value) graph_.set_input(reader, i, real);
      }
    }
    return {};
  }

  Status layer(ir::NodeId id) {
    const ir::Node node = graph_.node(id);
    const std::string base = fmt::format("w{}", ++layers_);
    const std::size_t axis = channel_axis(node);
    // Copies: constants move when others are added.
    const Tensor weights = *graph_.constant(node.input(1));
    const auto channels = static_cast<std::size_t>(weights.dim(axis));
    const std::vector<float> bias = bias_of(node, channels);
    const float input_scale = input_scale_of(node);
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < weights.rank(); ++i)
      inner *= static_cast<std::size_t>(weights.dim(i));

    const auto values = weights.data<float>();
    std::vector<float> largest(channels, 0.0F);
    for (std::size_t i = 0; i < values.size(); ++i) {
      float& peak = largest[i / inner % channels];
      peak = std::max(peak, std::fabs(values[i]));
      if (!std::isfinite(values[i]))
        return invalid_data("weights '{}' are not finite", graph_.value(node.input(1)).name);
    }
    std::vector<float> scales(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      // A channel of nearly nothing must still hold its bias in an int32 with room to add to.
      constexpr float kBiasSteps = 0x1p22F;
      const float b = bias.empty() ? 0.0F : std::fabs(bias[c]);
      scales[c] = std::max({largest[c] / 127.0F, b / (input_scale * kBiasSteps), 1e-20F});
    }
    Tensor quantized = Tensor::zeros(ir::DataType::kInt8, weights.dims());
    auto out = quantized.mutable_data<std::int8_t>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float steps = std::nearbyint(values[i] / scales[i / inner % channels]);
      out[i] = static_cast<std::int8_t>(std::clamp(steps, -127.0F, 127.0F));
    }
    const std::array dims{static_cast<std::int64_t>(channels)};
    const ValueId w = graph_.add_constant(base, std::move(quantized));
    const ValueId s = graph_.add_constant(base + "s", Tensor::from_values<float>(dims, scales));
    ir::AttributeMap attributes;
    if (axis != 1) attributes["axis"] = static_cast<std::int64_t>(axis);
    const std::string name = layer_name(graph_, node);
    graph_.set_input(id, 1,
                     add("DequantizeLinear", name + ".weight.dequantize", {w, s}, base + "d",
                         std::move(attributes)));
    if (!bias.empty())
      quantize_bias(id, name + ".bias.dequantize", bias, base, input_scale, scales);
    return {};
  }

  Graph take() { return std::move(graph_); }

 private:
  ValueId add(std::string_view op_type, const std::string& name, const std::vector<ValueId>& inputs,
              const std::string& output_name, ir::AttributeMap attributes = {}) {
    const ValueId output = graph_.add_value(output_name);
    graph_.add_node({name, "", std::string(op_type), inputs, {output}, std::move(attributes)});
    return output;
  }

  // One for each channel, or nothing.
  [[nodiscard]] std::vector<float> bias_of(const ir::Node& layer, std::size_t channels) const {
    const Tensor* bias = graph_.constant(layer.input(2));
    if (bias == nullptr) return {};
    const auto values = bias->data<float>();
    if (values.size() == channels) return {values.begin(), values.end()};
    return std::vector<float>(channels, values[0]);
  }

  // The scale of the activation that a layer reads, through the DequantizeLinear put before it.
  [[nodiscard]] float input_scale_of(const ir::Node& node) const {
    const ir::Node& dequantize = graph_.node(graph_.value(node.input(0)).producer);
    return graph_.constant(dequantize.input(1))->data<float>()[0];
  }

  void quantize_bias(ir::NodeId id, const std::string& name, const std::vector<float>& bias,
                     const std::string& base, float input_scale, const std::vector<float>& scales) {
    const std::array dims{static_cast<std::int64_t>(scales.size())};
    std::vector<float> bias_scales;
    Tensor quantized = Tensor::zeros(ir::DataType::kInt32, dims);
    for (std::size_t c = 0; c < scales.size(); ++c) {
      const float scale = input_scale * scales[c];
      bias_scales.push_back(scale);
      const double steps = static_cast<double>(bias[c]) / static_cast<double>(scale);
      quantized.mutable_data<std::int32_t>()[c] = static_cast<std::int32_t>(std::nearbyint(steps));
    }
    const ValueId b = graph_.add_constant(base + "b", std::move(quantized));
    const ValueId s =
        graph_.add_constant(base + "bs", Tensor::from_values<float>(dims, bias_scales));
    graph_.set_input(
        id, 2, add("DequantizeLinear", name, {b, s}, base + "bd", {{"axis", std::int64_t{0}}}));
  }

  ValueId scale_constant(float scale) {
    const auto [it, added] = scale_constants_.emplace(scale, ir::kNoValue);
    if (added)
      it->second =
          graph_.add_constant(fmt::format("s{}", scale_constants_.size()), Tensor::scalar(scale));
    return it->second;
  }

  ValueId zero_constant(std::int8_t zero) {
    const auto [it, added] = zero_constants_.emplace(zero, ir::kNoValue);
    if (added)
      it->second =
          graph_.add_constant(fmt::format("z{}", zero_constants_.size()), Tensor::scalar(zero));
    return it->second;
  }

  Graph graph_;
  const ActivationRanges& ranges_;
  std::map<float, ValueId> scale_constants_;
  std::map<std::int8_t, ValueId> zero_constants_;
  int activations_ = 0;
  int layers_ = 0;
};

}  // namespace

Int8Parameters int8_parameters(ActivationRange range) {
  const float low = std::min(range.min, 0.0F);
  const float high = std::max(range.max, 0.0F);
  // The smallest normal scale that keeps quotients of ordinary activations finite.
  const float scale = std::max((high - low) / 255.0F, 1e-10F);
  const float zero = std::clamp(std::nearbyint(-128.0F - low / scale), -128.0F, 127.0F);
  return {scale, static_cast<std::int8_t>(zero)};
}

Result<Graph> insert_quantization(const Graph& graph, const QuantizationPlan& plan,
                                  const ActivationRanges& ranges) {
  Inserter inserter(graph, ranges);
  for (const QuantizationPoint& point : plan.points) RETURN_IF_ERROR(inserter.activation(point));
  for (const ir::NodeId id : plan.layers) RETURN_IF_ERROR(inserter.layer(id));
  Graph quantized = inserter.take();
  RETURN_IF_ERROR(quantized.compact());
  RETURN_IF_ERROR(ops::infer_shapes(quantized));
  return quantized;
}

}  // namespace lathe::shrink

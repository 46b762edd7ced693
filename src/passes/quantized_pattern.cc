#include "passes/quantized_pattern.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "ops/attributes.h"
#include "ops/op_def.h"
#include "ops/requantize.h"
#include "ops/shape_math.h"

namespace lathe::passes {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::Tensor;
using ir::ValueId;

// A bias that leaves sums in an int32 room: more is no trained one.
constexpr double kMostBias = 0x1p30;

bool is_8_bit(DataType type) { return type == DataType::kInt8 || type == DataType::kUint8; }

// Scale and zero point of a Quantize- or DequantizeLinear whose 8-bit side is `value`.
std::optional<QuantizedValue> parameters(const Graph& graph, const Node& node, ValueId value) {
  const Tensor* scale = graph.constant(node.input(1));
  const Tensor* zero = graph.constant(node.input(2));
  // One of a higher rank, as blocks have it, is no operand of an integer operator.
  if (scale == nullptr || scale->num_elements() != 1 || scale->rank() > 1 ||
      scale->data_type() != DataType::kFloat32) {
    return std::nullopt;
  }
  if (node.is("QuantizeLinear")) {
    const auto precision = static_cast<DataType>(ops::attributes(node).get_int("precision"));
    if (precision != DataType::kUndefined && precision != DataType::kFloat32) return std::nullopt;
  }
  if (node.input(2) != ir::kNoValue && (zero == nullptr || zero->num_elements() != 1))
    return std::nullopt;
  QuantizedValue quantized{.value = value,
                           .scale = node.input(1),
                           .zero_point = node.input(2),
                           .scale_value = scale->data<float>()[0],
                           .data_type = graph.tensor_type(value).data_type};
  if (!is_8_bit(quantized.data_type) || !(quantized.scale_value > 0) ||
      !std::isfinite(quantized.scale_value)) {
    return std::nullopt;
  }
  if (zero != nullptr) quantized.zero_value = static_cast<std::int32_t>(zero->get_int64(0));
  return quantized;
}

const Node* maker_of(const Graph& graph, ValueId value, std::string_view op_type) {
  const Node* maker = graph.producer(value);
  return maker != nullptr && maker->is(op_type) ? maker : nullptr;
}

const Node* only_reader(const Graph& graph, ValueId value) {
  const auto readers = graph.readers(value);
  if (readers.size() != 1 || graph.is_output(value)) return nullptr;
  return &graph.node(readers[0]);
}

// A Relu's or Clip's bounds in the steps of `to`. False where a bound is not constant, or no
// number.
bool clip_result(const Graph& graph, const Node& activation, QuantizedResult& to) {
  const ops::QuantizedRange range = ops::quantized_range(to.data_type);
  const auto quantize = [&](float v) {
    return ops::round_to_quantized(v / to.scale_value, to.zero_value, range);
  };
  if (activation.is("Relu")) {
    to.low = quantize(0);
    return true;
  }
  const auto take = [&](std::size_t input, std::int32_t& bound) {
    if (activation.input(input) == ir::kNoValue) return true;
    const Tensor* given = graph.constant(activation.input(input));
    if (given == nullptr || std::isnan(given->get_double(0))) return false;
    bound = quantize(static_cast<float>(given->get_double(0)));
    return true;
  };
  return take(1, to.low) && take(2, to.high);
}

// One value for all channels, or one for each.
bool is_per_channel(const Tensor& tensor, std::int64_t channels) {
  return tensor.num_elements() == 1 || (tensor.rank() == 1 && tensor.num_elements() == channels);
}

double element(const Tensor& tensor, std::int64_t channel) {
  return tensor.get_double(tensor.num_elements() == 1 ? 0 : channel);
}

}  // namespace

std::optional<QuantizedValue> dequantized_from(const Graph& graph, ValueId value) {
  const Node* dequantize = maker_of(graph, value, "DequantizeLinear");
  if (dequantize == nullptr) return std::nullopt;
  return parameters(graph, *dequantize, dequantize->input(0));
}

std::optional<QuantizedValue> made_by(const Graph& graph, const Node& quantize) {
  return parameters(graph, quantize, quantize.output());
}

std::optional<QuantizedResult> quantized_to(const Graph& graph, ValueId value) {
  const Node* reader = only_reader(graph, value);
  const Node* activation = nullptr;
  if (reader != nullptr && (reader->is("Relu") || reader->is("Clip"))) {
    activation = reader;
    reader = only_reader(graph, activation->output());
  }
  if (reader == nullptr || !reader->is("QuantizeLinear")) return std::nullopt;
  const auto quantized = made_by(graph, *reader);
  if (!quantized) return std::nullopt;
  const ops::QuantizedRange range = ops::quantized_range(quantized->data_type);
  QuantizedResult result{*quantized, range.low, range.high};
  if (activation != nullptr && !clip_result(graph, *activation, result)) return std::nullopt;
  return result;
}

bool QuantizedResult::clips() const {
  const ops::QuantizedRange range = ops::quantized_range(data_type);
  return low > range.low || high < range.high;
}

ValueId clipped(const QuantizedResult& result, ValueId made, Patch& patch) {
  if (!result.clips()) return made;
  const auto bound = [&](const char* name, std::int32_t v) {
    Tensor tensor = Tensor::zeros(result.data_type, {});
    tensor.set_double(0, v);
    return patch.add_constant(name, std::move(tensor));
  };
  return patch.add_node(
      {.op_type = "Clip", .inputs = {made, bound("low", result.low), bound("high", result.high)}});
}

void replace_result(const QuantizedResult& result, ValueId made, Patch& patch) {
  patch.replace_uses(result.value, clipped(result, made, patch));
}

ValueId requantized(const QuantizedValue& value, ValueId made, const QuantizedValue& to,
                    Patch& patch) {
  if (value.same_parameters(to)) return made;
  const ValueId real = patch.add_node(
      {.op_type = "DequantizeLinear", .inputs = {made, value.scale, zero_point_of(value, patch)}});
  return patch.add_node(
      {.op_type = "QuantizeLinear", .inputs = {real, to.scale, zero_point_of(to, patch)}});
}

std::optional<QuantizedWeights> quantized_weights(const Graph& graph, ValueId value,
                                                  std::int64_t channel_axis) {
  const Node* dequantize = maker_of(graph, value, "DequantizeLinear");
  if (dequantize == nullptr) return std::nullopt;
  const Tensor* tensor = graph.constant(dequantize->input(0));
  const Tensor* scale = graph.constant(dequantize->input(1));
  const Tensor* zero = graph.constant(dequantize->input(2));
  const ops::Attributes attributes = ops::attributes(*dequantize);
  if (tensor == nullptr || !is_8_bit(tensor->data_type()) || scale == nullptr ||
      scale->data_type() != DataType::kFloat32 || attributes.get_int("block_size") != 0 ||
      (dequantize->input(2) != ir::kNoValue && zero == nullptr)) {
    return std::nullopt;
  }
  const auto rank = static_cast<std::int64_t>(tensor->rank());
  if (channel_axis >= rank) return std::nullopt;
  const std::int64_t channels = tensor->dim(static_cast<std::size_t>(channel_axis));
  if (!is_per_channel(*scale, channels)) return std::nullopt;
  std::int64_t axis = attributes.get_int("axis");
  if (axis < 0) axis += rank;
  if (scale->num_elements() > 1 && axis != channel_axis) return std::nullopt;
  return QuantizedWeights{dequantize->input(0), dequantize->input(1), dequantize->input(2),
                          scale->to_floats(), tensor->data_type()};
}

ValueId zero_point_of(const QuantizedValue& value, Patch& patch) {
  if (value.zero_point != ir::kNoValue) return value.zero_point;
  return patch.add_constant("zero_point", Tensor::zeros(value.data_type, {}));
}

ValueId zero_point_of(const QuantizedWeights& weights, Patch& patch) {
  if (weights.zero_point != ir::kNoValue) return weights.zero_point;
  return patch.add_constant("weight_zero_point", Tensor::zeros(weights.data_type, {}));
}

std::optional<Tensor> quantized_bias(const Graph& graph, ValueId value, const QuantizedValue& x,
                                     const QuantizedWeights& weights, std::int64_t channels) {
  if (value == ir::kNoValue) return Tensor();
  const auto accumulator_scale = [&](std::int64_t c) {
    return x.scale_value *
           weights.scales[weights.scales.size() == 1 ? 0 : static_cast<std::size_t>(c)];
  };
  const Tensor* given = graph.constant(value);
  const Tensor* scale = nullptr;
  const Tensor* zero = nullptr;
  if (given == nullptr) {
    const Node* dequantize = maker_of(graph, value, "DequantizeLinear");
    if (dequantize == nullptr || ops::attributes(*dequantize).get_int("block_size") != 0)
      return std::nullopt;
    given = graph.constant(dequantize->input(0));
    scale = graph.constant(dequantize->input(1));
    zero = graph.constant(dequantize->input(2));
    if (given == nullptr || given->data_type() != DataType::kInt32 || scale == nullptr ||
        !is_per_channel(*scale, channels) ||
        (dequantize->input(2) != ir::kNoValue &&
         (zero == nullptr || !is_per_channel(*zero, channels)))) {
      return std::nullopt;
    }
  }
  const bool is_row =
      given->num_elements() == channels && given->rank() > 0 && given->dims().back() == channels;
  if (given->num_elements() != 1 && !is_row) return std::nullopt;
  if (scale != nullptr && given->rank() == 1 && given->num_elements() == channels) {
    bool exact = true;
    for (std::int64_t c = 0; c < channels && exact; ++c) {
      exact = static_cast<float>(element(*scale, c)) == accumulator_scale(c) &&
              (zero == nullptr || element(*zero, c) == 0) &&
              std::abs(element(*given, c)) < kMostBias;
    }
    if (exact) return *given;
  }
  Tensor quantized = Tensor::zeros(DataType::kInt32, {channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    const double raw = element(*given, c) - (zero == nullptr ? 0.0 : element(*zero, c));
    const double real = raw * (scale == nullptr ? 1.0 : element(*scale, c));
    const double steps = std::nearbyint(real / static_cast<double>(accumulator_scale(c)));
    if (!(std::abs(steps) < kMostBias)) return std::nullopt;
    quantized.set_double(c, steps);
  }
  return quantized;
}

std::optional<ValueId> integer_bias(const Graph& graph, ValueId value, const QuantizedValue& x,
                                    const QuantizedWeights& weights, std::int64_t channels,
                                    Patch& patch) {
  auto bias = quantized_bias(graph, value, x, weights, channels);
  if (!bias) return std::nullopt;
  if (!bias->defined()) return ir::kNoValue;
  return patch.add_constant(graph.value(value).name + ".int32", std::move(*bias));
}

namespace {

// More than any activation is decomposed into.
constexpr std::size_t kMostNodes = 48;

// Collects the nodes of a function, from its end to its sources.
class FunctionSearch {
 public:
  explicit FunctionSearch(const Graph& graph) : graph_(graph) {}

  std::optional<FunctionOfOne> run(ir::NodeId quantize) {
    if (!visit(quantize)) return std::nullopt;
    // What was tabulated before is a part of it.
    while (sources_.size() > 1) {
      const auto lookup = std::find_if(sources_.begin(), sources_.end(), [&](ValueId source) {
        const Node* maker = graph_.producer(source);
        return maker != nullptr && maker->is("Lookup", ir::kLatheDomain) &&
               graph_.constant(maker->input(1)) != nullptr;
      });
      if (lookup == sources_.end()) return std::nullopt;
      const ir::NodeId node = graph_.value(*lookup).producer;
      sources_.erase(lookup);
      sources_.insert(graph_.node(node).input(0));
      function_.nodes.insert(function_.nodes.begin(), node);
      if (function_.nodes.size() > kMostNodes) return std::nullopt;
    }
    if (sources_.empty()) return std::nullopt;
    function_.source = *sources_.begin();
    const auto& type = graph_.type(function_.source);
    if (!type.is_tensor() || !is_8_bit(type.tensor().data_type) ||
        !ops::same_extents(type.tensor(), graph_.tensor_type(graph_.node(quantize).output())))
      return std::nullopt;
    return std::move(function_);
  }

 private:
  // Appends the node behind those that it needs.
  bool visit(ir::NodeId id) {
    if (!seen_.insert(id).second) return true;
    if (seen_.size() > kMostNodes) return false;
    const Node& node = graph_.node(id);
    if (node.outputs.size() != 1) return false;
    if (node.is("DequantizeLinear")) {
      if (!parameters(graph_, node, node.input(0)) || graph_.constant(node.input(0)) != nullptr)
        return false;
      sources_.insert(node.input(0));
    } else if (!visit_operands(node)) {
      return false;
    }
    function_.nodes.push_back(id);
    return true;
  }

  bool visit_operands(const Node& node) {
    const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
    const bool quantizes = node.is("QuantizeLinear") && made_by(graph_, node);
    if (!quantizes && (op == nullptr || !ir::subgraphs(node).empty() ||
                       !(op->traits.unary_elementwise || op->traits.binary_elementwise)))
      return false;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId input = node.input(i);
      if (input == ir::kNoValue) continue;
      if (const Tensor* constant = graph_.constant(input)) {
        if (constant->num_elements() != 1) return false;
        continue;
      }
      const bool is_operand = i == 0 || (op != nullptr && op->traits.binary_elementwise);
      if (!is_operand || graph_.producer(input) == nullptr) return false;
      // An operand of one element, which all others meet, is no element in the same place.
      if (!ops::same_extents(graph_.tensor_type(input), graph_.tensor_type(node.output())))
        return false;
      if (!visit(graph_.value(input).producer)) return false;
    }
    return true;
  }

  const Graph& graph_;
  std::set<ir::NodeId> seen_;
  std::set<ValueId> sources_;
  FunctionOfOne function_;
};

}  // namespace

std::optional<FunctionOfOne> function_of_one(const Graph& graph, ir::NodeId quantize) {
  return FunctionSearch(graph).run(quantize);
}

}  // namespace lathe::passes

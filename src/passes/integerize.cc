#include <array>
#include <cmath>

#include "ops/requantize.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

// One end of a QuantizeLinear or DequantizeLinear with a scalar scale and an 8-bit zero point.
struct Endpoint {
  ValueId quantized = ir::kNoValue;  // the 8-bit value
  ValueId scale = ir::kNoValue;
  ValueId zero_point = ir::kNoValue;
  float scale_value = 1;
  std::int32_t zero_value = 0;
  DataType data_type = DataType::kUndefined;

  [[nodiscard]] bool same_parameters(const Endpoint& other) const {
    return scale_value == other.scale_value && zero_value == other.zero_value &&
           data_type == other.data_type;
  }
};

bool is_8_bit(DataType type) { return type == DataType::kInt8 || type == DataType::kUint8; }

// Rewrites one graph; collects which nodes became obsolete through compact() at the end.
class Integerizer {
 public:
  explicit Integerizer(const Graph& graph) : graph_(graph), consumers_(graph.consumers()) {}

  std::optional<Graph> run() {
    const auto order = graph_.topological_order();
    for (const NodeId id : *order) {
      const Node node = graph_.node(id);
      const bool done = (node.is("Conv") && convolution(node)) || (node.is("Gemm") && gemm(node)) ||
                        (node.is("Add") && addition(node)) ||
                        (node.is("GlobalAveragePool") && global_average_pool(node)) ||
                        (is_movement(node) && movement(node)) ||
                        (node.is("QuantizeLinear") && round_trip(node));
      changed_ = changed_ || done;
    }
    if (!changed_) return std::nullopt;
    return std::move(graph_);
  }

 private:
  // The parameters of a Quantize- or DequantizeLinear whose 8-bit side is `quantized`.
  [[nodiscard]] std::optional<Endpoint> endpoint(const Node& node, ValueId quantized) const {
    const Tensor* scale = graph_.constant(node.input(1));
    const Tensor* zero = graph_.constant(node.input(2));
    if (scale == nullptr || scale->num_elements() != 1 ||
        scale->data_type() != DataType::kFloat32) {
      return std::nullopt;
    }
    if (node.input(2) != ir::kNoValue && zero == nullptr) return std::nullopt;
    Endpoint e{quantized,
               node.input(1),
               node.input(2),
               scale->data<float>()[0],
               0,
               graph_.value(quantized).type.data_type};
    if (!is_8_bit(e.data_type) || !(e.scale_value > 0) || !std::isfinite(e.scale_value)) {
      return std::nullopt;
    }
    if (zero != nullptr) e.zero_value = static_cast<std::int32_t>(zero->get_int64(0));
    return e;
  }

  // The 8-bit value behind a dequantized one.
  [[nodiscard]] std::optional<Endpoint> source(ValueId value) const {
    if (value == ir::kNoValue) return std::nullopt;
    const NodeId maker = graph_.value(value).producer;
    if (maker == ir::kNoNode || !graph_.node(maker).is("DequantizeLinear")) return std::nullopt;
    return endpoint(graph_.node(maker), graph_.node(maker).input(0));
  }

  [[nodiscard]] std::optional<NodeId> only_consumer(ValueId value) const {
    const auto index = static_cast<std::size_t>(value);
    if (index >= consumers_.size() || consumers_[index].size() != 1 || graph_.is_output(value)) {
      return std::nullopt;
    }
    return consumers_[index][0];
  }

  // The QuantizeLinear that alone reads `value`, directly or behind an activation that its
  // saturation expresses.
  [[nodiscard]] std::optional<Endpoint> target(ValueId value) const {
    std::optional<NodeId> reader = only_consumer(value);
    if (!reader) return std::nullopt;
    const Node* activation = nullptr;
    if (graph_.node(*reader).is("Relu") || graph_.node(*reader).is("Clip")) {
      activation = &graph_.node(*reader);
      reader = only_consumer(activation->output());
      if (!reader) return std::nullopt;
    }
    const Node& quantize = graph_.node(*reader);
    if (!quantize.is("QuantizeLinear")) return std::nullopt;
    const auto e = endpoint(quantize, quantize.output());
    if (!e || (activation != nullptr && !saturation_expresses(*activation, *e)))
      return std::nullopt;
    return e;
  }

  // Clipping before quantization changes nothing where both bounds already quantize to the ends of
  // the type's range.
  [[nodiscard]] bool saturation_expresses(const Node& activation, const Endpoint& e) const {
    const ops::QuantizedRange range = ops::quantized_range(e.data_type);
    const auto quantize = [&](float v) {
      return ops::round_to_quantized(v / e.scale_value, e.zero_value, range);
    };
    if (activation.is("Relu")) return quantize(0) == range.low;
    const auto bound_saturates = [&](std::size_t input, std::int32_t end) {
      if (activation.input(input) == ir::kNoValue) return true;
      const Tensor* bound = graph_.constant(activation.input(input));
      return bound != nullptr && quantize(static_cast<float>(bound->get_double(0))) == end;
    };
    return bound_saturates(1, range.low) && bound_saturates(2, range.high);
  }

  struct Weights {
    ValueId tensor;
    ValueId scale;
    std::vector<float> scales;  // one, or one per output channel
  };

  // Constant int8 weights with zero point 0 behind a DequantizeLinear, their scale per tensor or
  // along `channel_axis`.
  [[nodiscard]] std::optional<Weights> weights(ValueId value, std::int64_t channel_axis) const {
    const NodeId maker = graph_.value(value).producer;
    if (maker == ir::kNoNode || !graph_.node(maker).is("DequantizeLinear")) return std::nullopt;
    const Node& dequantize = graph_.node(maker);
    const Tensor* tensor = graph_.constant(dequantize.input(0));
    const Tensor* scale = graph_.constant(dequantize.input(1));
    const Tensor* zero = graph_.constant(dequantize.input(2));
    if (tensor == nullptr || tensor->data_type() != DataType::kInt8 || scale == nullptr ||
        scale->data_type() != DataType::kFloat32 || scale->rank() > 1 ||
        (dequantize.input(2) != ir::kNoValue && zero == nullptr) ||
        dequantize.attribute_int("block_size", 0) != 0) {
      return std::nullopt;
    }
    for (std::int64_t i = 0; zero != nullptr && i < zero->num_elements(); ++i) {
      if (zero->get_int64(i) != 0) return std::nullopt;
    }
    std::int64_t axis = dequantize.attribute_int("axis", 1);
    if (axis < 0) axis += static_cast<std::int64_t>(tensor->rank());
    if (scale->num_elements() > 1 && axis != channel_axis) return std::nullopt;
    return Weights{dequantize.input(0), dequantize.input(1), scale->to_floats()};
  }

  // The bias as int32 in units of x_scale * w_scale: kNoValue where there is none, empty where it
  // cannot be expressed.
  std::optional<ValueId> bias(ValueId value, const Endpoint& x, const Weights& w,
                              std::int64_t channels) {
    if (value == ir::kNoValue) return ir::kNoValue;
    const auto accumulator_scale = [&](std::int64_t c) {
      return x.scale_value * w.scales[w.scales.size() == 1 ? 0 : static_cast<std::size_t>(c)];
    };
    const Tensor* floats = graph_.constant(value);
    const Tensor* ints = nullptr;
    const Tensor* scale = nullptr;
    if (floats == nullptr) {
      const NodeId maker = graph_.value(value).producer;
      if (maker == ir::kNoNode || !graph_.node(maker).is("DequantizeLinear")) return std::nullopt;
      const Node& dequantize = graph_.node(maker);
      ints = graph_.constant(dequantize.input(0));
      scale = graph_.constant(dequantize.input(1));
      if (ints == nullptr || ints->data_type() != DataType::kInt32 || scale == nullptr ||
          dequantize.input(2) != ir::kNoValue) {
        return std::nullopt;
      }
      const auto scale_at = [&](std::int64_t c) {
        return scale->get_double(scale->num_elements() == 1 ? 0 : c);
      };
      bool exact = ints->rank() == 1 && ints->num_elements() == channels;
      for (std::int64_t c = 0; c < channels && exact; ++c) {
        exact = static_cast<float>(scale_at(c)) == accumulator_scale(c);
      }
      if (exact) return dequantize.input(0);
    }
    const Tensor& given = floats != nullptr ? *floats : *ints;
    if (given.rank() != 1 || given.num_elements() != channels) return std::nullopt;
    Tensor quantized = Tensor::zeros(DataType::kInt32, {channels});
    for (std::int64_t c = 0; c < channels; ++c) {
      double real = given.get_double(c);
      if (scale != nullptr) real *= scale->get_double(scale->num_elements() == 1 ? 0 : c);
      const double steps = std::nearbyint(real / static_cast<double>(accumulator_scale(c)));
      if (!(std::abs(steps) < 0x1p30)) return std::nullopt;
      quantized.set_double(c, steps);
    }
    return graph_.add_constant(graph_.value(value).name + ".int32", std::move(quantized));
  }

  ValueId zero_point(const Endpoint& e) {
    if (e.zero_point != ir::kNoValue) return e.zero_point;
    return graph_.add_constant("zero_point",
                               Tensor::zeros(e.data_type, std::initializer_list<std::int64_t>{}));
  }

  ValueId weight_zero_point() {
    if (weight_zero_point_ == ir::kNoValue) {
      weight_zero_point_ = graph_.add_constant("weight_zero_point", Tensor::scalar<std::int8_t>(0));
    }
    return weight_zero_point_;
  }

  // The integer node makes what the QuantizeLinear made.
  void emit(const Node& original, std::string_view op_type, std::string_view domain,
            std::vector<ValueId> inputs, ir::AttributeMap attributes, ValueId replaced) {
    const ValueId output = graph_.add_value(graph_.value(replaced).name);
    graph_.add_node({original.name,
                     std::string(domain),
                     std::string(op_type),
                     std::move(inputs),
                     {output},
                     std::move(attributes)});
    graph_.replace_uses(replaced, output);
    // Readers of the new value are those of the old one.
    consumers_.resize(graph_.value_count());
    consumers_[static_cast<std::size_t>(output)] = consumers_[static_cast<std::size_t>(replaced)];
    graph_.value(output).type.data_type = graph_.value(replaced).type.data_type;
  }

  bool convolution(const Node& node) {
    const auto x = source(node.input(0));
    const auto w = weights(node.input(1), 0);
    const auto y = target(node.output());
    if (!x || !w || !y) return false;
    const std::int64_t channels = graph_.constant(w->tensor)->dim(0);
    const auto b = bias(node.input(2), *x, *w, channels);
    if (!b) return false;
    emit(node, "QLinearConv", "",
         {x->quantized, x->scale, zero_point(*x), w->tensor, w->scale, weight_zero_point(),
          y->scale, zero_point(*y), *b},
         node.attributes, y->quantized);
    return true;
  }

  bool gemm(const Node& node) {
    const bool trans_b = node.attribute_int("transB", 0) != 0;
    const auto x = source(node.input(0));
    const auto w = weights(node.input(1), trans_b ? 0 : 1);
    if (!x || !w || node.attribute_float("alpha", 1) != 1 || node.attribute_float("beta", 1) != 1 ||
        node.attribute_int("transA", 0) != 0) {
      return false;
    }
    const std::int64_t channels = graph_.constant(w->tensor)->dim(trans_b ? 0 : 1);
    const auto b = bias(node.input(2), *x, *w, channels);
    if (!b) return false;
    ir::AttributeMap attributes;
    if (trans_b) attributes["transB"] = std::int64_t{1};
    std::vector<ValueId> inputs = {
        x->quantized, x->scale, zero_point(*x), w->tensor, w->scale, weight_zero_point(), *b};
    if (const auto y = target(node.output())) {
      inputs.push_back(y->scale);
      inputs.push_back(zero_point(*y));
      emit(node, "QGemm", ir::kLatheDomain, std::move(inputs), std::move(attributes), y->quantized);
    } else {
      emit(node, "QGemm", ir::kLatheDomain, std::move(inputs), std::move(attributes),
           node.output());
    }
    return true;
  }

  bool addition(const Node& node) {
    const auto a = source(node.input(0));
    const auto b = source(node.input(1));
    const auto y = target(node.output());
    if (!a || !b || !y) return false;
    const auto& shape_a = graph_.value(node.input(0)).type.shape;
    if (!shape_a || shape_a != graph_.value(node.input(1)).type.shape) return false;
    emit(node, "QLinearAdd", ir::kLatheDomain,
         {a->quantized, a->scale, zero_point(*a), b->quantized, b->scale, zero_point(*b), y->scale,
          zero_point(*y)},
         {}, y->quantized);
    return true;
  }

  bool global_average_pool(const Node& node) {
    const auto x = source(node.input(0));
    const auto y = target(node.output());
    if (!x || !y) return false;
    emit(node, "QLinearGlobalAveragePool", ir::kLatheDomain,
         {x->quantized, x->scale, zero_point(*x), y->scale, zero_point(*y)}, {}, y->quantized);
    return true;
  }

  // Operators that only move or select elements, so that they do the same to quantized ones.
  static bool is_movement(const Node& node) {
    for (const std::string_view type :
         {"MaxPool", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose"}) {
      if (node.is(type)) return true;
    }
    return false;
  }

  bool movement(const Node& node) {
    const auto x = source(node.input(0));
    const auto y = target(node.output());
    if (!x || !y || !x->same_parameters(*y)) return false;
    std::vector<ValueId> inputs = node.inputs;
    inputs[0] = x->quantized;
    emit(node, node.op_type, "", std::move(inputs), node.attributes, y->quantized);
    return true;
  }

  // DequantizeLinear followed by QuantizeLinear with the same parameters is nothing.
  bool round_trip(const Node& node) {
    const auto x = source(node.input(0));
    const auto y = endpoint(node, node.output());
    if (!x || !y || !x->same_parameters(*y) || graph_.is_output(node.output())) return false;
    graph_.replace_uses(node.output(), x->quantized);
    auto& readers = consumers_[static_cast<std::size_t>(x->quantized)];
    const auto& moved = consumers_[static_cast<std::size_t>(node.output())];
    readers.insert(readers.end(), moved.begin(), moved.end());
    return true;
  }

  Graph graph_;
  std::vector<std::vector<NodeId>> consumers_;
  ValueId weight_zero_point_ = ir::kNoValue;
  bool changed_ = false;
};

}  // namespace

PassResult integerize(const Graph& graph) {
  RETURN_IF_ERROR(graph.topological_order());
  return Integerizer(graph).run();
}

}  // namespace lathe::passes

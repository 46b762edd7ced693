#include "shrink/quantize/quantization_points.h"

#include <algorithm>
#include <map>

namespace lathe::shrink {
namespace {

using ir::NodeId;
using ir::ValueId;

QuantizationRole role_of(const ir::Node& node) {
  return node.domain.empty() ? quantization_role(node.op_type) : QuantizationRole::kNone;
}

class Planner {
 public:
  Planner(const ir::Graph& graph, const std::vector<std::string>& excluded)
      : graph_(graph), excluded_(excluded) {}

  QuantizationPlan run() {
    const auto order = graph_.topological_order();
    for (const NodeId id : *order) visit(id);
    std::sort(plan_.points.begin(), plan_.points.end(),
              [](const auto& a, const auto& b) { return a.value < b.value; });
    return std::move(plan_);
  }

 private:
  [[nodiscard]] bool is_quantized(ValueId value) const { return range_of_.contains(value); }

  void quantize(ValueId value, ValueId range_of) {
    if (graph_.constant(value) != nullptr || is_quantized(value)) return;
    range_of_[value] = range_of;
    plan_.points.push_back({value, range_of});
  }

  // The value that carries a node's result on: behind the activation that alone reads it.
  [[nodiscard]] ValueId result_of(const ir::Node& node) const {
    const ValueId value = node.output();
    const auto& readers = graph_.value(value).readers;
    if (graph_.is_output(value) || readers.size() != 1) return value;
    const ir::Node& reader = graph_.node(readers[0]);
    const bool carries_on =
        role_of(reader) == QuantizationRole::kActivation && reader.input(0) == value;
    return carries_on ? reader.output() : value;
  }

  void quantize_result(const ir::Node& node) {
    const ValueId result = result_of(node);
    if (!graph_.is_output(result)) quantize(result, result);
  }

  [[nodiscard]] bool is_layer(const ir::Node& node) const {
    if (role_of(node) != QuantizationRole::kLayer) return false;
    const ir::Tensor* weights = graph_.constant(node.input(1));
    const ir::Tensor* bias = graph_.constant(node.input(2));
    const std::string& name = layer_name(graph_, node);
    // Of a Gemm it may be one number for all channels.
    const bool bias_fits =
        node.input(2) == ir::kNoValue ||
        (bias != nullptr && bias->data_type() == ir::DataType::kFloat32 && bias->rank() == 1 &&
         weights != nullptr &&
         (bias->dim(0) == weights->dim(channel_axis(node)) || bias->dim(0) == 1));
    const bool plain = !node.is("Gemm") || (ops::attributes(node).get_float("alpha") == 1 &&
                                            ops::attributes(node).get_float("beta") == 1 &&
                                            ops::attributes(node).get_int("transA") == 0);
    return weights != nullptr && weights->data_type() == ir::DataType::kFloat32 && bias_fits &&
           plain && std::find(excluded_.begin(), excluded_.end(), name) == excluded_.end();
  }

  [[nodiscard]] bool same_shapes(const ir::Node& node) const {
    return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId v) {
      return graph_.tensor_type(v).shape == graph_.tensor_type(node.input(0)).shape;
    });
  }

  void visit(NodeId id) {
    const ir::Node& node = graph_.node(id);
    if (is_layer(node)) {
      plan_.layers.push_back(id);
      quantize(node.input(0), node.input(0));
      quantize_result(node);
      return;
    }
    const bool all_quantized = std::all_of(node.inputs.begin(), node.inputs.end(),
                                           [&](ValueId v) { return is_quantized(v); });
    const QuantizationRole role = role_of(node);
    if (role == QuantizationRole::kArithmetic && all_quantized && same_shapes(node)) {
      quantize_result(node);
    } else if (role == QuantizationRole::kMovement && is_quantized(node.input(0)) &&
               !graph_.is_output(node.output())) {
      quantize(node.output(), range_of_.at(node.input(0)));
    }
  }

  const ir::Graph& graph_;
  const std::vector<std::string>& excluded_;
  std::map<ValueId, ValueId> range_of_;
  QuantizationPlan plan_;
};

}  // namespace

QuantizationRole quantization_role(std::string_view op_type) {
#define LATHE_QUANTIZE(name, role) \
  if (op_type == #name) return QuantizationRole::role;
#include "ops/attributes.h"
#include "shrink/quantize/quantized_operators.inc"
#undef LATHE_QUANTIZE
  return QuantizationRole::kNone;
}

std::size_t channel_axis(const ir::Node& layer) {
  return layer.is("Gemm") && ops::attributes(layer).get_int("transB") == 0 ? 1 : 0;
}

const std::string& layer_name(const ir::Graph& graph, const ir::Node& node) {
  return node.name.empty() ? graph.value(node.output()).name : node.name;
}

QuantizationPlan plan_quantization(const ir::Graph& graph,
                                   const std::vector<std::string>& excluded) {
  return Planner(graph, excluded).run();
}

}  // namespace lathe::shrink

// Which values of a float graph become 8-bit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace lathe::shrink {

// What quantization makes of an operator of the default domain, see quantized_operators.inc.
enum class QuantizationRole {
  kNone,        // stays float32
  kLayer,       // weights become int8 where they are constants; input and output 8-bit
  kArithmetic,  // 8-bit where all its inputs are
  kMovement,    // moves or selects elements, on 8-bit values where its input is
  kActivation,  // after a layer: where the 8-bit output saturates
};
QuantizationRole quantization_role(std::string_view op_type);

struct QuantizationPoint {
  ir::ValueId value = ir::kNoValue;
  // Operators that only move or select elements keep the quantization of their input: the value
  // whose range holds here, itself for all others.
  ir::ValueId range_of = ir::kNoValue;
};

struct QuantizationPlan {
  std::vector<ir::NodeId> layers;         // Conv and Gemm whose weights become int8, in order
  std::vector<QuantizationPoint> points;  // activations, in order
};

// The axis of a Conv's or Gemm's weights along which its output channels lie.
std::size_t channel_axis(const ir::Node& layer);

// What messages and QuantizeOptions::excluded call a node: its name, or its output's where it has
// none.
const std::string& layer_name(const ir::Graph& graph, const ir::Node& node);

// For a simplified float32 graph (passes::simplify_pipeline). Layers are Conv and Gemm with
// constant weights, except those named in `excluded`. Additions, global average pools and operators
// that only move elements join where all their inputs are 8-bit. A value that a Relu or Clip alone
// reads is left to that activation's output. Graph outputs stay float32.
QuantizationPlan plan_quantization(const ir::Graph& graph,
                                   const std::vector<std::string>& excluded);

}  // namespace lathe::shrink

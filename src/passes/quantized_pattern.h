// What the rules to integer operators look for: QuantizeLinear and DequantizeLinear around an
// operator.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "passes/patch.h"

namespace lathe::passes {

// The 8-bit side of a QuantizeLinear or DequantizeLinear with one scale and zero point per tensor,
// both constant.
struct QuantizedValue {
  ir::ValueId value = ir::kNoValue;
  ir::ValueId scale = ir::kNoValue;
  ir::ValueId zero_point = ir::kNoValue;  // kNoValue: 0
  float scale_value = 1;
  std::int32_t zero_value = 0;
  ir::DataType data_type = ir::DataType::kUndefined;

  [[nodiscard]] bool same_parameters(const QuantizedValue& other) const {
    return scale_value == other.scale_value && zero_value == other.zero_value &&
           data_type == other.data_type;
  }
};

// What a float value is dequantized from. Empty where it is not, or not so.
std::optional<QuantizedValue> dequantized_from(const ir::Graph& graph, ir::ValueId value);
// What `node`, a QuantizeLinear, makes.
std::optional<QuantizedValue> made_by(const ir::Graph& graph, const ir::Node& quantize);

// What a float value becomes that is read by a QuantizeLinear alone, directly or behind a Relu or
// a Clip between constants. Rounding keeps order, so that these clip the integers just as well.
struct QuantizedResult : QuantizedValue {
  std::int32_t low = 0;  // the type's range where nothing clips
  std::int32_t high = 0;
  [[nodiscard]] bool clips() const;
};
std::optional<QuantizedResult> quantized_to(const ir::Graph& graph, ir::ValueId value);
// `made`, an integer operator's result in the type and scale of `result`, behind a Clip where its
// bounds say more than the type's range.
ir::ValueId clipped(const QuantizedResult& result, ir::ValueId made, Patch& patch);
// The same takes the place of result.value.
void replace_result(const QuantizedResult& result, ir::ValueId made, Patch& patch);

// Constant 8-bit weights behind a DequantizeLinear, with one scale or one per channel.
struct QuantizedWeights {
  ir::ValueId value = ir::kNoValue;
  ir::ValueId scale = ir::kNoValue;
  ir::ValueId zero_point = ir::kNoValue;  // kNoValue: 0
  std::vector<float> scales;
  ir::DataType data_type = ir::DataType::kUndefined;
};
// `channel_axis`: the axis of output channels, along which scales may differ.
std::optional<QuantizedWeights> quantized_weights(const ir::Graph& graph, ir::ValueId value,
                                                  std::int64_t channel_axis);

// The operands of an integer operator for these; what is missing is added to the patch.
ir::ValueId zero_point_of(const QuantizedValue& value, Patch& patch);
ir::ValueId zero_point_of(const QuantizedWeights& weights, Patch& patch);

// What an 8-bit value becomes in the type and scale of another.
ir::ValueId requantized(const QuantizedValue& value, ir::ValueId made, const QuantizedValue& to,
                        Patch& patch);

// A bias, float or int32 behind a DequantizeLinear, one number or one per channel, in units of
// x.scale * w.scale: undefined where there is none, empty where int32 cannot say it.
std::optional<ir::Tensor> quantized_bias(const ir::Graph& graph, ir::ValueId value,
                                         const QuantizedValue& x, const QuantizedWeights& weights,
                                         std::int64_t channels);
// The same as an operand: kNoValue where there is none.
std::optional<ir::ValueId> integer_bias(const ir::Graph& graph, ir::ValueId value,
                                        const QuantizedValue& x, const QuantizedWeights& weights,
                                        std::int64_t channels, Patch& patch);

// Nodes between an 8-bit value and what a QuantizeLinear makes of it, where each element of that
// depends on the element of the value in the same place alone.
struct FunctionOfOne {
  ir::ValueId source = ir::kNoValue;
  std::vector<ir::NodeId> nodes;  // in an order in which they can be computed; the last quantizes
};
// Empty where `quantize`, a QuantizeLinear, ends no such function.
std::optional<FunctionOfOne> function_of_one(const ir::Graph& graph, ir::NodeId quantize);

}  // namespace lathe::passes

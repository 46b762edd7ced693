#include <cmath>

#include "ops/attributes.h"
#include "ops/op_def.h"
#include "ops/requantize.h"
#include "passes/passes.h"
#include "passes/quantized_pattern.h"

namespace lathe::passes {
namespace {

// Whether elements of the result are such of the first operand, or of all.
bool moves(const ops::OpDef& op, const ir::Node& node) {
  if (op.traits.moves_elements || op.traits.selects_elements) return true;
  const ops::Attributes attributes = ops::attributes(node);
  return node.is("Resize") && attributes.get_string("mode") == "nearest" &&
         attributes.get_string("coordinate_transformation_mode") != "tf_crop_and_resize";
}

// A Pad fills with a constant, which is quantized as the result is; so the operand is before it.
RuleResult pad(const ir::Graph& graph, const ir::Node& node) {
  const auto x = dequantized_from(graph, node.input(0));
  const auto y = quantized_to(graph, node.output());
  if (!x || !y || y->clips()) return std::nullopt;
  double value = 0;
  if (node.input(2) != ir::kNoValue) {
    const ir::Tensor* real = graph.constant(node.input(2));
    const auto quantized = dequantized_from(graph, node.input(2));
    const ir::Tensor* steps = quantized ? graph.constant(quantized->value) : nullptr;
    if (real != nullptr && real->num_elements() == 1) {
      value = real->get_double(0);
    } else if (steps != nullptr && steps->num_elements() == 1) {
      value = (steps->get_double(0) - quantized->zero_value) *
              static_cast<double>(quantized->scale_value);
    } else {
      return std::nullopt;
    }
  }
  if (std::isnan(value)) value = 0;  // as QuantizeLinear has it
  ir::Tensor fill = ir::Tensor::zeros(y->data_type, {});
  fill.set_double(0, ops::round_to_quantized(static_cast<float>(value) / y->scale_value,
                                             y->zero_value, ops::quantized_range(y->data_type)));
  Patch patch;
  ir::Node padded{
      .name = node.name, .op_type = "Pad", .inputs = node.inputs, .attributes = node.attributes};
  padded.inputs.resize(std::max<std::size_t>(padded.inputs.size(), 3), ir::kNoValue);
  padded.inputs[0] = requantized(*x, x->value, *y, patch);
  padded.inputs[2] = patch.add_constant(node.name + ".fill", std::move(fill));
  replace_result(*y, patch.add_node(std::move(padded)), patch);
  return patch;
}

// Operators that move or select elements do the same to quantized ones: of their first input, or of
// all (Concat). What has another scale than the result is quantized anew: before a Concat, behind
// all others.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
  if (op == nullptr || node.outputs.size() != 1) return std::nullopt;
  if (node.is("Pad")) return pad(graph, node);
  if (!moves(*op, node)) return std::nullopt;
  const auto y = quantized_to(graph, node.output());
  if (!y || y->clips()) return std::nullopt;  // no kernel clips what has only moved
  ir::Node moved{.name = node.name,
                 .domain = node.domain,
                 .op_type = node.op_type,
                 .inputs = node.inputs,
                 .attributes = node.attributes};
  const bool variadic = op->signature->max_inputs == ops::kVariadic;
  Patch patch;
  const auto quantize = [&](ir::ValueId value) {
    return patch.add_node(
        {.op_type = "QuantizeLinear", .inputs = {value, y->scale, zero_point_of(*y, patch)}});
  };
  std::optional<QuantizedValue> last;
  for (std::size_t i = 0; i < (variadic ? node.inputs.size() : 1); ++i) {
    last = dequantized_from(graph, node.input(i));
    if (!last) return std::nullopt;
    const bool same = last->same_parameters(*y);
    moved.inputs[i] = same || !variadic ? last->value : quantize(node.input(i));
  }
  ir::ValueId made = patch.add_node(std::move(moved));
  if (!variadic) made = requantized(*last, made, *y, patch);
  replace_result(*y, made, patch);
  return patch;
}

}  // namespace

const Rule kIntegerizeMovement{"integerize_movement", {}, apply};

}  // namespace lathe::passes

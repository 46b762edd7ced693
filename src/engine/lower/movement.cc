// Operators that move elements without computing.
#include <cstring>

#include "engine/lower/lower.h"
#include "kernels/transpose.h"

namespace lathe::engine {

Result<bool> lower_same_bytes(PlanBuilder& builder, const ir::Node& node) {
  if (node.outputs.size() != 1) return false;
  builder.alias(node.output(), builder.slot(node.input(0), Layout::kRowMajor));
  return true;
}

Result<bool> lower_transpose(PlanBuilder& builder, const ir::Node& node) {
  const auto dims = builder.dims(node.input(0));
  const int bits = ir::bits_per_element(builder.graph().value(node.input(0)).type.data_type);
  if (bits < 8) return false;
  std::vector<std::int64_t> permutation;
  for (std::size_t i = dims.size(); i-- > 0;) permutation.push_back(static_cast<std::int64_t>(i));
  permutation = node.attribute_ints("perm", permutation);
  for (std::int64_t& axis : permutation)
    axis += axis < 0 ? static_cast<std::int64_t>(dims.size()) : 0;
  const auto element = static_cast<std::size_t>(bits / 8);
  Step step = builder.step_for(node);
  step.kernel = "permute";
  step.inputs = {builder.slot(node.input(0), Layout::kRowMajor)};
  step.outputs = {builder.define(node.output(), Layout::kRowMajor)};
  step.run = [dims, permutation, element](const StepRun& r) -> Status {
    kernels::permute(r.inputs[0], r.outputs[0], dims, permutation, element, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
  return true;
}

Result<bool> lower_concat(PlanBuilder& builder, const ir::Node& node) {
  const auto out = builder.dims(node.output());
  const int bits = ir::bits_per_element(builder.graph().value(node.output()).type.data_type);
  if (bits < 8 || out.empty()) return false;
  std::int64_t axis = node.attribute_int("axis", 0);
  if (axis < 0) axis += static_cast<std::int64_t>(out.size());
  // Channels-last if any part is, for ranks that have that layout; the order of axes in memory then
  // is 0, 2, 3, ..., 1.
  Layout layout = Layout::kRowMajor;
  for (const ir::ValueId input : node.inputs) {
    if (builder.layout(input) == Layout::kChannelsLast && out.size() > 2)
      layout = Layout::kChannelsLast;
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (layout == Layout::kRowMajor || i != 1) order.push_back(i);
  }
  if (layout == Layout::kChannelsLast) order.push_back(1);
  std::size_t outer = 1;
  auto inner = static_cast<std::size_t>(bits / 8);
  bool behind = false;
  for (const std::size_t i : order) {
    if (static_cast<std::int64_t>(i) == axis) {
      behind = true;
    } else {
      (behind ? inner : outer) *= static_cast<std::size_t>(out[i]);
    }
  }
  std::vector<std::size_t> blocks;  // bytes that each input gives at a time
  Step step = builder.step_for(node);
  step.kernel = "copy";
  for (const ir::ValueId input : node.inputs) {
    blocks.push_back(static_cast<std::size_t>(builder.dims(input)[static_cast<std::size_t>(axis)]) *
                     inner);
    step.inputs.push_back(builder.slot(input, layout));
  }
  step.outputs = {builder.define(node.output(), layout)};
  step.run = [outer, blocks](const StepRun& r) -> Status {
    auto* to = static_cast<std::byte*>(r.outputs[0]);
    for (std::size_t o = 0; o < outer; ++o) {
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        std::memcpy(to, static_cast<const std::byte*>(r.inputs[i]) + o * blocks[i], blocks[i]);
        to += blocks[i];
      }
    }
    return {};
  };
  builder.add_step(std::move(step));
  return true;
}

}  // namespace lathe::engine

#include <algorithm>

#include "formats/onnx/upgrades.h"

namespace lathe::formats {
namespace {

// The dimensions as the second operand of Reshape: one of them may be unknown. Empty where Reshape
// cannot say it.
std::optional<std::vector<std::int64_t>> reshape_target(const ir::Shape& shape) {
  std::vector<std::int64_t> target;
  for (const ir::Dim& dim : shape) target.push_back(dim.known() ? dim.value() : -1);
  const auto unknown = std::count(target.begin(), target.end(), -1);
  const bool has_zero = std::find(target.begin(), target.end(), 0) != target.end();
  if (unknown > 1 || (unknown == 1 && has_zero)) return std::nullopt;
  return target;
}

}  // namespace

Status upgrade_softmax(NodeUpgrade& upgrade) {
  const auto stated = upgrade.take<std::int64_t>("axis");
  std::int64_t axis = stated.value_or(1);
  const std::optional<ir::Shape>& shape = upgrade.input_type(0).shape;
  if (!shape) {
    if (axis == -1) {
      upgrade.set_attribute("axis", axis);
      return {};
    }
    return unsupported("needs the rank of its input to be read from opset {}", upgrade.opset());
  }
  const auto rank = static_cast<std::int64_t>(shape->size());
  if (axis < -rank || axis > rank) {
    return invalid_data("axis is {}, expected {} to {}", axis, -rank, rank);
  }
  if (axis < 0) axis += rank;

  // Where only one of the dimensions from `axis` on is more than 1, the old meaning is the new one.
  std::int64_t wide = 0;
  std::int64_t last_wide = axis;
  for (std::int64_t i = axis; i < rank; ++i) {
    if ((*shape)[static_cast<std::size_t>(i)] == ir::Dim(1)) continue;
    ++wide;
    last_wide = i;
  }
  if (wide <= 1 && axis < rank) {
    upgrade.set_attribute("axis", last_wide);
    return {};
  }
  const auto target = reshape_target(*shape);
  if (!target) {
    return unsupported("normalises several dimensions of {}, of which more than one is unknown",
                       upgrade.input_type(0).to_string());
  }
  ir::AttributeMap reshape;
  if (std::find(target->begin(), target->end(), 0) != target->end()) {
    reshape.emplace("allowzero", std::int64_t{1});
  }
  std::vector<NodeUpgrade::Step> steps;
  steps.push_back({"Flatten", {{"axis", axis}}, std::nullopt});
  steps.push_back({upgrade.node().op_type, {{"axis", std::int64_t{1}}}, std::nullopt});
  steps.push_back({"Reshape", std::move(reshape), ir::Tensor::vector_int64(*target)});
  upgrade.replace_by_chain(std::move(steps));
  return {};
}

}  // namespace lathe::formats

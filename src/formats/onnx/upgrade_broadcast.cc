#include "formats/onnx/upgrades.h"

namespace lathe::formats {
namespace {

// Operand 1 was aligned with operand 0 from `axis` on, or at the end; today always at the end.
Status align(NodeUpgrade& upgrade, std::int64_t axis) {
  const auto& a = upgrade.input_type(0).shape;
  const auto& b = upgrade.input_type(1).shape;
  if (!a || !b) {
    return unsupported("attribute 'axis' of opset {} on operands whose ranks are not known",
                       upgrade.opset());
  }
  const auto rank_a = static_cast<std::int64_t>(a->size());
  const auto rank_b = static_cast<std::int64_t>(b->size());
  if (axis < 0) axis += rank_a;
  if (axis < 0 || axis + rank_b > rank_a) {
    return invalid_data("axis is {} for operands of {} and {} axes", axis, rank_a, rank_b);
  }
  upgrade.append_axes(1, rank_b, rank_a - axis - rank_b);
  return {};
}

}  // namespace

Status upgrade_broadcast(NodeUpgrade& upgrade) {
  const auto axis = upgrade.take<std::int64_t>("axis");
  const auto broadcasts = upgrade.take<std::int64_t>("broadcast");
  if (!axis || !broadcasts || *broadcasts == 0) return {};
  return align(upgrade, *axis);
}

// One slope for each channel, which is axis 1.
Status upgrade_p_relu(NodeUpgrade& upgrade) {
  const auto& slope = upgrade.input_type(1).shape;
  const bool is_one = slope && (slope->empty() || *slope == ir::Shape{ir::Dim(1)});
  return is_one ? Status() : align(upgrade, 1);
}

Status upgrade_gemm(NodeUpgrade& upgrade) {
  upgrade.take<std::int64_t>("broadcast");  // C is broadcast where it has to be
  return {};
}

}  // namespace lathe::formats

#include <algorithm>

#include "formats/onnx/upgrades.h"

namespace lathe::formats {
namespace {

// Until opset 10 the nearest element was the one before when enlarging, and the one behind when
// shrinking; so ONNX Runtime, since the specification did not say. Scales that are computed
// enlarge.
Result<std::string> nearest_mode(const ir::Tensor* scales) {
  if (scales == nullptr) return std::string("floor");
  const std::vector<float> values = scales->to_floats();
  const auto enlarges = [](float scale) { return scale >= 1; };
  if (std::all_of(values.begin(), values.end(), enlarges)) return std::string("floor");
  if (std::none_of(values.begin(), values.end(), [](float scale) { return scale > 1; }))
    return std::string("ceil");
  return unsupported("scales that enlarge some axes and shrink others");
}

// An attribute of text, which the signature has checked.
std::string_view text_of(const ir::Node& node, std::string_view key, std::string_view fallback) {
  const auto it = node.attributes.find(key);
  return it == node.attributes.end() ? fallback : std::get<std::string>(it->second);
}

}  // namespace

Status upgrade_resize(NodeUpgrade& upgrade) {
  constexpr const char* kCoordinates = "coordinate_transformation_mode";
  constexpr std::size_t kScales = 2;
  if (upgrade.opset() > 10) {
    const ir::Node& node = upgrade.node();
    constexpr std::string_view kGone = "tf_half_pixel_for_nn";
    if (text_of(node, kCoordinates, "half_pixel") != kGone) return {};
    // With h = (x + 0.5) / scale - 0.5, half_pixel: floor(h + 0.5) is h rounded half up, and h +
    // 0.5 rounded half down is ceil(h).
    const std::string_view rounding = text_of(node, "nearest_mode", "round_prefer_floor");
    const bool known = rounding == "floor" || rounding == "round_prefer_floor";
    if (!known || text_of(node, "mode", "nearest") != "nearest")
      return unsupported("{} '{}' with nearest_mode '{}'", kCoordinates, kGone, rounding);
    upgrade.set_attribute("nearest_mode",
                          std::string(rounding == "floor" ? "round_prefer_ceil" : "ceil"));
    upgrade.set_attribute(kCoordinates, std::string("half_pixel"));
    return {};
  }
  auto scales = upgrade.take<std::vector<float>>("scales");
  // Upsample of opset 1 was of images, and had another name for their linear interpolation.
  const auto height = upgrade.take<float>("height_scale");
  const auto width = upgrade.take<float>("width_scale");
  if (height && width) {
    scales = std::vector<float>{1, 1, *height, *width};
    if (text_of(upgrade.node(), "mode", "nearest") == "bilinear")
      upgrade.set_attribute("mode", std::string("linear"));
  }
  if (scales) {
    const auto count = static_cast<std::int64_t>(scales->size());
    upgrade.set_constant_input(kScales, "scales",
                               ir::Tensor::from_values<float>(std::span(&count, 1), *scales));
  } else {
    upgrade.move_input(1, kScales);
  }
  if (text_of(upgrade.node(), "mode", "nearest") == "nearest") {
    ASSIGN_OR_RETURN(const std::string rounding, nearest_mode(upgrade.constant(kScales)));
    upgrade.set_attribute("nearest_mode", rounding);
  }
  upgrade.set_attribute(kCoordinates, std::string("asymmetric"));
  return {};
}

}  // namespace lathe::formats

#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_grid_sample(NodeUpgrade& upgrade) {
  const std::string mode = upgrade.take<std::string>("mode").value_or("bilinear");
  if (mode == "bilinear") {
    upgrade.set_attribute("mode", std::string("linear"));
  } else if (mode == "bicubic") {
    upgrade.set_attribute("mode", std::string("cubic"));
  } else if (mode == "nearest") {
    upgrade.set_attribute("mode", mode);
  } else {
    return invalid_data("mode is '{}', expected one of bilinear, nearest and bicubic", mode);
  }
  return {};
}

}  // namespace lathe::formats

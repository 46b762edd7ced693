#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_pad(NodeUpgrade& upgrade) {
  const auto value = upgrade.take<float>("value");
  if (value && *value != 0.0F) upgrade.set_attribute("constant_value", *value);
  return {};
}

}  // namespace lathe::formats

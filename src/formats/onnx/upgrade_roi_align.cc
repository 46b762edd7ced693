#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_roi_align(NodeUpgrade& upgrade) {
  upgrade.set_attribute("coordinate_transformation_mode", std::string("output_half_pixel"));
  return {};
}

}  // namespace lathe::formats

#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_dropout(NodeUpgrade& upgrade) {
  RETURN_IF_ERROR(upgrade.check_inputs(1, 1));
  ASSIGN_OR_RETURN(const auto ratio, upgrade.take<float>("ratio"));
  if (ratio) upgrade.set_constant_input(1, "ratio", ir::Tensor::scalar(*ratio));
  if (upgrade.opset() < 10) {
    // The mask had the input's element type; today it is boolean.
    if (upgrade.output_is_read(1)) {
      return unsupported("output 1, the mask as numbers of opset {}, is not supported",
                         upgrade.opset());
    }
    upgrade.truncate_outputs(1);
  }
  return {};
}

}  // namespace lathe::formats

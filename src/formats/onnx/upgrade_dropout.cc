#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_dropout(NodeUpgrade& upgrade) {
  upgrade.take<std::int64_t>("is_test");  // models are read to be run
  // The mask had the input's element type; today it is boolean.
  if (upgrade.output_is_read(1)) {
    return unsupported("output 1, the mask as numbers of opset {}, is not supported",
                       upgrade.opset());
  }
  upgrade.truncate_outputs(1);
  return {};
}

}  // namespace lathe::formats

#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_dft(NodeUpgrade& upgrade) {
  const std::int64_t axis = upgrade.take<std::int64_t>("axis").value_or(1);
  upgrade.set_constant_input(2, "axis", ir::Tensor::scalar(axis));
  return {};
}

}  // namespace lathe::formats

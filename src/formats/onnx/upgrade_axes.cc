#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_axes(NodeUpgrade& upgrade) {
  RETURN_IF_ERROR(upgrade.check_inputs(1, 1));
  ASSIGN_OR_RETURN(const auto axes, upgrade.take<std::vector<std::int64_t>>("axes"));
  // An empty list meant the same as none: all dimensions (Squeeze: all of extent 1).
  if (axes && !axes->empty()) {
    upgrade.set_constant_input(1, "axes", ir::Tensor::vector_int64(*axes));
  } else if (upgrade.node().is("Unsqueeze")) {
    return invalid_data("attribute 'axes' is missing");
  }
  return {};
}

}  // namespace lathe::formats

#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_clip(NodeUpgrade& upgrade) {
  RETURN_IF_ERROR(upgrade.check_inputs(1, 1));
  const ir::DataType type = upgrade.input_type(0).data_type;
  if (!ir::is_floating_point(type)) {
    return invalid_data("clips {}, expected floating point at opset {}", ir::data_type_name(type),
                        upgrade.opset());
  }
  std::size_t slot = 1;
  for (const std::string_view bound : {"min", "max"}) {
    ASSIGN_OR_RETURN(const auto limit, upgrade.take<float>(bound));
    if (limit) upgrade.set_constant_input(slot, bound, ir::Tensor::scalar(*limit).cast(type));
    ++slot;
  }
  return {};
}

}  // namespace lathe::formats

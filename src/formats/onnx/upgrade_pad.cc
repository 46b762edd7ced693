#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_pad(NodeUpgrade& upgrade) {
  RETURN_IF_ERROR(upgrade.check_inputs(1, 1));
  ASSIGN_OR_RETURN(const auto pads, upgrade.take<std::vector<std::int64_t>>("pads"));
  if (!pads) return invalid_data("attribute 'pads' is missing");
  upgrade.set_constant_input(1, "pads", ir::Tensor::vector_int64(*pads));
  ASSIGN_OR_RETURN(const auto value, upgrade.take<float>("value"));
  if (value && *value != 0.0F) {
    const ir::DataType type = upgrade.input_type(0).data_type;
    if (!ir::is_floating_point(type)) {
      return invalid_data("pads {}, expected floating point at opset {}", ir::data_type_name(type),
                          upgrade.opset());
    }
    upgrade.set_constant_input(2, "value", ir::Tensor::scalar(*value).cast(type));
  }
  return {};
}

}  // namespace lathe::formats

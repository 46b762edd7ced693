#include "formats/onnx/upgrades.h"
#include "ops/attributes.h"
#include "ops/shape_math.h"

namespace lathe::formats {

Status upgrade_split(NodeUpgrade& upgrade) {
  if (upgrade.node().input(1) != ir::kNoValue) return {};
  if (auto split = upgrade.take<std::vector<std::int64_t>>("split"); split && !split->empty()) {
    upgrade.set_attribute("split", *std::move(split));
    return {};
  }
  // Without sizes the parts were equal; today the last may be smaller.
  const auto count = static_cast<std::int64_t>(upgrade.node().outputs.size());
  if (const auto& shape = upgrade.input_type(0).shape) {
    const std::int64_t stated = ops::attributes(upgrade.node()).get_int("axis");
    ASSIGN_OR_RETURN(const std::size_t axis, ops::normalize_axis(stated, shape->size()));
    const ir::Dim& extent = (*shape)[axis];
    if (extent.known() && extent.value() % count != 0)
      return invalid_data("extent {} of axis {} has no {} equal parts", extent.value(), axis,
                          count);
  }
  upgrade.set_attribute("num_outputs", count);
  return {};
}

}  // namespace lathe::formats

#include "formats/onnx/upgrades.h"
#include "ops/attributes.h"

namespace lathe::formats {

Status upgrade_group_normalization(NodeUpgrade& upgrade) {
  const std::int64_t groups = ops::attributes(upgrade.node()).get_int("num_groups");
  const std::optional<ir::Shape>& shape = upgrade.input_type(0).shape;
  if (!shape || shape->size() < 2 || !(*shape)[1].known())
    return unsupported("needs the channels of its input to be read from opset {}", upgrade.opset());
  const std::int64_t channels = (*shape)[1].value();
  if (groups < 1 || channels % groups != 0)
    return invalid_data("{} channels are not divisible by num_groups {}", channels, groups);
  for (const std::size_t slot : {1U, 2U}) {
    const std::optional<ir::Shape>& given = upgrade.input_type(slot).shape;
    if (given && (given->size() != 1 || ((*given)[0].known() && (*given)[0] != ir::Dim(groups)))) {
      return invalid_data("input {} has shape {}, expected [{}]", slot, ir::to_string(*given),
                          groups);
    }
  }
  if (groups == channels) return {};
  // More channels than elements that a file holds would be indices without end.
  constexpr std::int64_t kMostChannels = std::int64_t{1} << 24;
  if (channels > kMostChannels) return unsupported("{} channels", channels);
  std::vector<std::int64_t> group_of;
  for (std::int64_t c = 0; c < channels; ++c) group_of.push_back(c / (channels / groups));
  for (const std::size_t slot : {1U, 2U}) upgrade.gather_input(slot, group_of);
  return {};
}

}  // namespace lathe::formats

#include "formats/onnx/upgrades.h"

namespace lathe::formats {

Status upgrade_batch_normalization(NodeUpgrade& upgrade) {
  // Until opset 7, where training was the default, whatever else the node said.
  const auto is_test = upgrade.take<std::int64_t>("is_test");
  if (is_test && *is_test != 0) upgrade.truncate_outputs(1);
  const auto spatial = upgrade.take<std::int64_t>("spatial");
  if (spatial && *spatial != 1) {
    return unsupported("attribute 'spatial' is {}: statistics per element are not supported",
                       *spatial);
  }
  if (upgrade.node().outputs.size() == 1) return {};
  // Outputs 1 and 2 are the new running statistics, as they are today; 3 and 4 were those of the
  // batch, which the operator no longer gives.
  for (const std::size_t i : {3U, 4U}) {
    if (upgrade.output_is_read(i)) {
      return unsupported("output {}, the statistics of the batch, is not supported", i);
    }
  }
  upgrade.truncate_outputs(3);
  upgrade.set_attribute("training_mode", std::int64_t{1});
  return {};
}

}  // namespace lathe::formats

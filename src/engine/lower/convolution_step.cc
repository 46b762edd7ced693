#include "engine/lower/convolution_step.h"

#include <bit>

namespace lathe::engine {

PackingKey packing_key(const ir::Node& node, std::size_t weights,
                       std::vector<std::int64_t> parameters) {
  PackingKey key{kInterpreter, {node.input(weights)}, std::move(parameters)};
  key.constants.insert(key.constants.end(), node.inputs.begin() + 1, node.inputs.end());
  return key;
}

std::int64_t as_parameter(float value) { return std::bit_cast<std::int32_t>(value); }

}  // namespace lathe::engine

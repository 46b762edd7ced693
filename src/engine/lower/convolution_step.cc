#include "engine/lower/convolution_step.h"

#include <bit>

namespace lathe::engine {

PackingKey packing_key(const ir::Node& node, std::vector<std::int64_t> parameters) {
  return {kInterpreter, {node.inputs.begin() + 1, node.inputs.end()}, std::move(parameters)};
}

std::int64_t as_parameter(float value) { return std::bit_cast<std::int32_t>(value); }

}  // namespace lathe::engine

// Inputs for measurements where no data is at hand.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/backend.h"

namespace lathe::measure {

// Random values for a model's inputs: standard normal floats, integers from their whole 8-bit range
// or [0, 2). The same seed gives the same values. Refuses inputs of open extents.
Result<std::vector<ir::Tensor>> random_inputs(std::span<const engine::TensorInfo> infos,
                                              std::uint64_t seed);

}  // namespace lathe::measure

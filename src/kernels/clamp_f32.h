// The activation that float32 kernels fuse into their last step.
#pragma once

#include <limits>

namespace lathe::kernels {

// Limits on an output, min <= max: Relu is {0, inf}, Relu6 is {0, 6}. The default limits nothing.
struct ClampF32 {
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
  bool operator==(const ClampF32&) const = default;
};

}  // namespace lathe::kernels

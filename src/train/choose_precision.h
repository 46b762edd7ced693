// Which arithmetic and memory format trains a graph fastest on this machine, by trying.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"
#include "train/backend.h"
#include "train/options.h"

namespace lathe::train {

struct Arithmetic {
  bool bfloat16 = false;
  bool channels_last = false;
};

// Whether the processor multiplies bfloat16 in hardware (AVX-512 BF16 or AMX, Arm BF16).
bool cpu_has_bfloat16();

// The combinations that the options allow, the plainest first: float32 before bfloat16, which is
// there where the device has it in hardware or the options name it; contiguous before
// channels-last, which is there for graphs of images, or where the options name it.
std::vector<Arithmetic> allowed_arithmetic(const ir::Graph& graph, const TrainOptions& options,
                                           const std::string& device);

// Runs a few training steps of each on random inputs and takes the fastest. So that noise does not
// decide between equals, one that comes later in the order must be faster by kMeasurementMargin.
// Does not measure where the options leave one choice.
Result<Arithmetic> choose_arithmetic(Backend& backend, const ir::Graph& graph,
                                     const TrainOptions& options, const SessionOptions& session,
                                     std::int64_t classes);

// Below what two measurements of the same steps differ by on a busy machine, a choice is chance.
inline constexpr double kMeasurementMargin = 1.15;

}  // namespace lathe::train

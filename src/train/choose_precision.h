// Which arithmetic and memory format trains a graph fastest on this machine, by trying.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"
#include "train/backend.h"
#include "train/options.h"
#include "train/train.h"

namespace lathe::train {

struct Arithmetic {
  bool bfloat16 = false;
  bool channels_last = false;
};
Precision precision_of(const Arithmetic& arithmetic);
MemoryFormat memory_format_of(const Arithmetic& arithmetic);

// Whether the processor multiplies bfloat16 in hardware (AVX-512 BF16 or AMX, Arm BF16).
bool cpu_has_bfloat16();

// The combinations that the options allow, the plainest first: float32 before bfloat16, which is
// there where the device has it in hardware or the options name it; contiguous before
// channels-last, which is there for graphs of images, or where the options name it.
std::vector<Arithmetic> allowed_arithmetic(const ir::Graph& graph, const TrainOptions& options,
                                           const std::string& device);

struct ArithmeticChoice {
  Arithmetic best;
  std::vector<MeasuredArithmetic> measured = {};  // fastest first; empty where there was one choice
};

// Runs training steps of each on random inputs, in turn, and takes the fastest; of those that are
// as fast as each other the plainest (find_fastest). Does not measure where the options leave one
// choice. kInterrupted when `stop_requested` says so.
Result<ArithmeticChoice> choose_arithmetic(Backend& backend, const ir::Graph& graph,
                                           const TrainOptions& options,
                                           const SessionOptions& session, std::int64_t classes,
                                           const std::function<bool()>& stop_requested = {});

// "bfloat16, channels-last: 2815 images/s; float32, channels-last: 2450 images/s".
std::string describe_measured(std::span<const MeasuredArithmetic> measured);

}  // namespace lathe::train

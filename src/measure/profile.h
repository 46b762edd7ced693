// Where the time of a model goes, step by step.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/backend.h"

namespace lathe::measure {

struct ProfileOptions {
  engine::CompileOptions compile = {.threads = 1};
  std::int64_t runs = 200;  // of each graph
  std::uint64_t seed = 0;   // of the inputs' random values
  // Asked between runs; true ends the work with kInterrupted.
  std::function<bool()> stop_requested = {};
};

// Per-step times of each graph on the native engine, steps in the order of execution. The graphs
// take turns, a tenth of the runs at a time, so that what the machine does meanwhile meets all of
// them alike.
Result<std::vector<std::vector<engine::StepProfile>>> profile_graphs(
    std::span<const ir::Graph* const> graphs, const ProfileOptions& options);

}  // namespace lathe::measure

// Ranges of activations, observed on real data.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "engine/backend.h"
#include "ir/graph.h"

namespace lathe::shrink {

struct ActivationRange {
  float min = 0;
  float max = 0;
};
// By value name.
using ActivationRanges = std::map<std::string, ActivationRange, std::less<>>;

struct CalibrateOptions {
  std::int64_t samples = 512;  // at most, drawn evenly from those that can be read; 0: all
  // On the native engine. The batch is for models that leave it open.
  engine::CompileOptions compile = {.batch = 16};
  std::uint64_t seed = 0;                           // of the draw
  std::optional<data::Preprocess> preprocess = {};  // instead of the model's metadata
  bool strict = false;  // a sample that cannot be read is an error; otherwise it is left out
  std::function<void(std::int64_t, std::int64_t)> on_progress = {};
  // Asked between batches; true ends the work with kInterrupted.
  std::function<bool()> stop_requested = {};
};

// What a model was calibrated on.
struct CalibrationSamples {
  std::int64_t seen = 0;      // as many as were asked for, unless the dataset has fewer
  std::int64_t left_out = 0;  // that could not be read; others were drawn in their place
};

struct Calibration {
  ActivationRanges ranges;
  CalibrationSamples samples;
};

// The smallest and largest element that each of `values` takes over the samples, which stream
// through the native engine a batch at a time: memory does not grow with their number. A value that
// is not finite is an error that names it.
Result<Calibration> calibrate(const ir::Graph& graph, std::span<const ir::ValueId> values,
                              std::shared_ptr<const data::Dataset> dataset,
                              const CalibrateOptions& options = {});

}  // namespace lathe::shrink

// Accuracy of a classifier on a dataset, through any backend.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "engine/backend.h"
#include "ir/graph.h"

namespace lathe::measure {

struct EvaluateOptions {
  std::string backend = "native";
  // compile.batch is for models whose batch is not fixed. As many batches as there are streams run
  // at once.
  engine::CompileOptions compile = {.batch = 32};
  bool strict = false;  // a sample that cannot be read is an error
  // Instead of the model's metadata.
  std::optional<data::Preprocess> preprocess = {};
  // After each batch: samples done and their number.
  std::function<void(std::int64_t, std::int64_t)> on_progress = {};
  // Asked between batches; true ends the work with what was counted so far.
  std::function<bool()> stop_requested = {};
};

inline constexpr std::int32_t kNoRank = std::numeric_limits<std::int32_t>::max();

struct Evaluation {
  std::int64_t samples = 0;
  double top1 = 0;  // fraction of samples whose highest output is their class
  double top5 = 0;  // among the five highest; 1 where there are five classes or fewer
  double images_per_s = 0;
  std::int64_t corrupt = 0;                   // left out
  std::vector<std::string> corrupt_messages;  // of the first ten
  bool interrupted = false;                   // by stop_requested: samples are the first ones only
  // Of each sample, in the order of the dataset: how many classes have a higher output than its
  // own. 0 is a right answer, kNoRank one that holds a NaN. What two models answer to the same
  // samples can be compared in pairs.
  std::vector<std::int32_t> ranks;
  // [truth * classes + prediction], without the samples of kNoRank.
  std::vector<std::int64_t> confusion;
  std::int64_t classes = 0;
  std::vector<std::string> class_names;  // the model's labels, or what the dataset calls them
  std::vector<std::string> notes;        // of the executable
  std::vector<std::string> data_notes;   // of the dataset, and how its classes were matched
};

// The model has one input that fits the dataset's samples, and its first output is [N, classes].
// The dataset's classes are brought together with them by data::match_classes: truths and
// predictions are numbers of the model's outputs. Ties go to the lower class. Image models say how
// pixels become inputs in their metadata (data::kPreprocessKey), or options do; an error where
// neither does. kInterrupted where it was stopped before its first sample.
Result<Evaluation> evaluate(ir::Graph graph, std::shared_ptr<const data::Dataset> dataset,
                            const EvaluateOptions& options = {});

}  // namespace lathe::measure

// What `lathe train` starts from: data and a graph that fits it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cli/train_call.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "ir/graph.h"

namespace lathe::cli {

struct TrainingData {
  std::shared_ptr<const data::Dataset> training;
  std::shared_ptr<const data::Dataset> validation;  // null where nothing is held out
};

// --limit N is N samples altogether, divided by --validation-share as all of them would be.
Result<TrainingData> open_training_data(const TrainCall& call);

struct TrainingModel {
  ir::Graph graph;
  std::optional<data::Preprocess> preprocess;  // none for features
  // Of the MODEL's inputs as its file has them, where --shape or --dim gave extents.
  std::vector<ir::TensorType> file_types;
};

// The MODEL, or a new network of the architecture for these samples; with the preprocessing of
// --preprocess, else of the model, else one made for the data.
Result<TrainingModel> make_training_model(const TrainCall& call, const data::Dataset& dataset);

// What training made of the model's graph, with the extents open again that --shape or --dim gave.
Result<ir::Graph> reopen(const TrainingModel& model, const ir::Graph& trained);

}  // namespace lathe::cli

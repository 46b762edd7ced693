#include "train/train.h"

#include <nlohmann/json.hpp>

#include "data/match_classes.h"
#include "train/checkpoint.h"
#include "train/load_backend.h"
#include "train/open_batch.h"
#include "train/trainer.h"

namespace lathe::train {

namespace {

using DatasetPointer = std::shared_ptr<const data::Dataset>;

// With the classes of the graph's labels; says what there is to say of that.
Result<DatasetPointer> match(const DatasetPointer& dataset, const ir::Graph& graph,
                             TrainObserver* observer) {
  ASSIGN_OR_RETURN(DatasetPointer matched, data::match_or_replace_labels(dataset, graph.metadata));
  const std::vector<std::string>& notes = matched->origin().notes;
  for (std::size_t i = dataset->origin().notes.size(); i < notes.size(); ++i) {
    if (observer != nullptr) observer->on_note(notes[i]);
  }
  return matched;
}

}  // namespace

Result<TrainResult> train(const ir::Graph& graph, std::shared_ptr<const data::Dataset> training,
                          std::shared_ptr<const data::Dataset> validation,
                          const data::Preprocess* preprocess, const TrainOptions& options,
                          TrainObserver* observer) {
  RETURN_IF_ERROR(validate(options));
  ASSIGN_OR_RETURN(Backend * backend, load_backend());
  ASSIGN_OR_RETURN(const std::optional<ir::Graph> opened, open_batch(graph));
  if (opened && observer != nullptr) {
    observer->on_note(fmt::format("the model takes batches of {} only: it is opened to any batch",
                                  graph.tensor_type(graph.inputs()[0]).shape->front().to_string()));
  }
  ASSIGN_OR_RETURN(training, match(training, graph, observer));
  if (validation != nullptr) {
    ASSIGN_OR_RETURN(validation, match(validation, graph, nullptr));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Trainer> trainer,
                   Trainer::create(*backend, opened ? *opened : graph, std::move(training),
                                   std::move(validation), preprocess, options, observer));
  return trainer->run();
}

Result<CheckpointSummary> summarize_checkpoint(const Path& path) {
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, read_checkpoint(path));
  CheckpointSummary summary{.epochs_done = static_cast<std::int64_t>(checkpoint.history.size())};
  const auto epochs = checkpoint.run.find("epochs");
  if (epochs != checkpoint.run.end() && epochs->is_number_integer()) {
    summary.epochs = epochs->get<std::int64_t>();
  }
  return summary;
}

Result<std::vector<ir::Tensor>> forward(const ir::Graph& graph,
                                        std::span<const ir::Tensor> inputs) {
  ASSIGN_OR_RETURN(Backend * backend, load_backend());
  return backend->forward(graph, inputs);
}

Result<std::string> backend_description() {
  ASSIGN_OR_RETURN(Backend * backend, load_backend());
  return backend->description();
}

}  // namespace lathe::train

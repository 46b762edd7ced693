#include "train/train.h"

#include "train/load_backend.h"
#include "train/trainer.h"

namespace lathe::train {

Result<TrainResult> train(const ir::Graph& graph, std::shared_ptr<const data::Dataset> training,
                          std::shared_ptr<const data::Dataset> validation,
                          const data::Preprocess* preprocess, const TrainOptions& options,
                          TrainObserver* observer) {
  RETURN_IF_ERROR(validate(options));
  ASSIGN_OR_RETURN(Backend * backend, load_backend());
  ASSIGN_OR_RETURN(const std::unique_ptr<Trainer> trainer,
                   Trainer::create(*backend, graph, std::move(training), std::move(validation),
                                   preprocess, options, observer));
  return trainer->run();
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

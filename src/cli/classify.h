// Sorting samples into classes with a compiled model, for `run` and for reports.
#pragma once

#include <string>
#include <vector>

#include "data/image.h"
#include "data/preprocess.h"
#include "measure/batch_runner.h"

namespace lathe::cli {

struct Prediction {
  std::int64_t index = 0;
  std::string label;
  double probability = 0;
};

class Classifier {
 public:
  // Reads preprocessing and labels from the model's metadata unless given.
  static Result<Classifier> create(const ir::Graph& graph, const std::string& backend, int threads,
                                   const std::optional<data::Preprocess>& preprocess);

  // The `count` likeliest classes, best first. Outputs that are no probabilities go through
  // softmax.
  Result<std::vector<Prediction>> classify(const data::Image& image, std::size_t count);
  Result<std::vector<Prediction>> classify(const ir::Tensor& input, std::size_t count);

 private:
  Classifier(measure::BatchRunner runner, std::optional<data::Preprocess> preprocess,
             std::vector<std::string> labels)
      : runner_(std::move(runner)),
        preprocess_(std::move(preprocess)),
        labels_(std::move(labels)) {}
  measure::BatchRunner runner_;
  std::optional<data::Preprocess> preprocess_;
  std::vector<std::string> labels_;
};

}  // namespace lathe::cli

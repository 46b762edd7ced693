// Sorting single samples into classes with a compiled model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/image.h"
#include "data/preprocess.h"
#include "engine/backend.h"
#include "ir/graph.h"

namespace lathe::measure {

struct ClassScore {
  std::int64_t index = 0;  // of the class in the model's output
  std::string label;       // from the model's labels; empty where it has none
  float probability = 0;
};

// For one caller at a time. Keeps nothing of the graph.
class Classifier {
 public:
  // The model has one float32 input and one floating point output [N,classes], as many as it has
  // labels, if any. `preprocess` stands in for the model's metadata. options.batch is taken as 1.
  static Result<Classifier> create(ir::Graph graph, const engine::Backend& backend,
                                   engine::CompileOptions options,
                                   const std::optional<data::Preprocess>& preprocess = {});

  [[nodiscard]] bool takes_images() const { return preprocess_.has_value(); }
  // Why it does not: that the model has no preprocessing, and how to give one.
  [[nodiscard]] const Error& no_preprocess() const { return *no_preprocess_; }
  [[nodiscard]] std::int64_t classes() const { return classes_; }
  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }
  // Of the executable.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  // From here on what is classified counts for the share of the time that the reference evaluator
  // takes, as measure::interpreter_share() tells it; nothing where the backend cannot tell.
  void watch_interpreter() { context_->enable_profiling(); }
  [[nodiscard]] std::optional<double> interpreter_share() const;

  // What the model's output is for an image, which needs a preprocessing, or for a sample as the
  // model reads it, with or without the batch axis: one finite value per class.
  Result<std::vector<float>> scores(const data::Image& image);
  Result<std::vector<float>> scores(const ir::Tensor& input);
  // The `top` most probable classes, most probable first; ties go to the lower class. Scores that a
  // softmax in the graph has not made probabilities of become that here.
  [[nodiscard]] std::vector<ClassScore> rank(std::vector<float> scores, std::size_t top) const;
  // Both.
  Result<std::vector<ClassScore>> classify(const data::Image& image, std::size_t top);

 private:
  Classifier() = default;
  std::optional<data::Preprocess> preprocess_;
  std::optional<Error> no_preprocess_;  // why there is none
  std::vector<std::string> labels_;     // one per class, or none
  std::int64_t classes_ = 0;
  bool probabilities_ = false;
  std::vector<std::int64_t> input_dims_;
  std::vector<std::string> notes_;
  std::unique_ptr<engine::Context> context_;
};

}  // namespace lathe::measure

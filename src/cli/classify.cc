#include "cli/classify.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lathe::cli {

Result<Classifier> Classifier::create(const ir::Graph& graph, const std::string& backend,
                                      int threads,
                                      const std::optional<data::Preprocess>& preprocess) {
  std::optional<data::Preprocess> chosen = preprocess;
  if (!chosen) {
    ASSIGN_OR_RETURN(chosen, data::read_preprocess(graph.metadata));
  }
  ASSIGN_OR_RETURN(const auto labels, data::read_labels(graph.metadata));
  ASSIGN_OR_RETURN(measure::BatchRunner runner,
                   measure::BatchRunner::create(graph, backend, threads, 1));
  return Classifier(std::move(runner), std::move(chosen),
                    labels.value_or(std::vector<std::string>{}));
}

Result<std::vector<Prediction>> Classifier::classify(const data::Image& image, std::size_t count) {
  if (!preprocess_) {
    return error(ErrorCode::kNotFound,
                 "the model does not say how images become its input: pass --preprocess");
  }
  ir::Tensor input = data::apply(*preprocess_, image);
  return classify(input.reshaped({1, input.dim(0), input.dim(1), input.dim(2)}), count);
}

Result<std::vector<Prediction>> Classifier::classify(const ir::Tensor& input, std::size_t count) {
  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs, runner_.run(input));
  std::vector<float> scores = outputs[0].to_floats();
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  const bool probabilities =
      std::all_of(scores.begin(), scores.end(), [](float s) { return s >= 0; }) &&
      std::fabs(sum - 1) < 1e-3;
  if (!probabilities && !scores.empty()) {
    const float highest = *std::max_element(scores.begin(), scores.end());
    double total = 0;
    for (float& s : scores) total += static_cast<double>(s = std::exp(s - highest));
    for (float& s : scores) s = static_cast<float>(static_cast<double>(s) / total);
  }
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i) {
    const std::size_t c = order[i];
    predictions.push_back({static_cast<std::int64_t>(c),
                           c < labels_.size() ? labels_[c] : std::to_string(c),
                           static_cast<double>(scores[c])});
  }
  return predictions;
}

}  // namespace lathe::cli

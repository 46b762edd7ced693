#include "measure/classifier.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "measure/model_preprocess.h"
#include "measure/profile.h"

namespace lathe::measure {
namespace {

// Whether a softmax made the output: through nodes that only move, convert or quantize it.
bool is_probability(const ir::Graph& graph, ir::ValueId output) {
  constexpr std::string_view kCarriers[] = {
      "Identity", "Flatten", "Reshape", "Squeeze", "DequantizeLinear", "QuantizeLinear", "Cast"};
  while (output != ir::kNoValue && graph.value(output).producer != ir::kNoNode) {
    const ir::Node& node = graph.node(graph.value(output).producer);
    if (node.is("Softmax")) return true;
    if (!node.domain.empty() || std::ranges::find(kCarriers, node.op_type) == std::end(kCarriers)) {
      return false;
    }
    output = node.input(0);
  }
  return false;
}

void apply_softmax(std::vector<float>& values) {
  const float highest = *std::ranges::max_element(values);
  double sum = 0;
  for (float& value : values) {
    value = std::exp(value - highest);
    sum += static_cast<double>(value);
  }
  for (float& value : values) value = static_cast<float>(static_cast<double>(value) / sum);
}

}  // namespace

Result<Classifier> Classifier::create(ir::Graph graph, const engine::Backend& backend,
                                      engine::CompileOptions options,
                                      const std::optional<data::Preprocess>& preprocess) {
  Classifier classifier;
  classifier.preprocess_ = preprocess;
  if (!preprocess) {
    ASSIGN_OR_RETURN(classifier.preprocess_, data::read_preprocess(graph.metadata));
    if (!classifier.preprocess_) classifier.no_preprocess_ = missing_preprocess(graph);
  }
  ASSIGN_OR_RETURN(const auto labels, data::read_labels(graph.metadata));
  classifier.probabilities_ =
      graph.outputs().size() == 1 && is_probability(graph, graph.outputs()[0]);
  options.batch = 1;
  ASSIGN_OR_RETURN(const auto executable, backend.compile(std::move(graph), options));
  if (executable->inputs().size() != 1 || executable->outputs().size() != 1) {
    return unsupported("a classifier has one input and one output, the model {} and {}",
                       executable->inputs().size(), executable->outputs().size());
  }
  const engine::TensorInfo& input = executable->inputs()[0];
  const engine::TensorInfo& output = executable->outputs()[0];
  if (input.type.data_type != ir::DataType::kFloat32 || !engine::is_closed(input.type)) {
    return unsupported("input '{}' is {}, a classifier's is float32 of known extents", input.name,
                       input.type.to_string());
  }
  classifier.input_dims_ = *ir::known_dims(*input.type.shape);
  if (classifier.preprocess_) {
    const data::Preprocess& p = *classifier.preprocess_;
    const ir::TensorType made{ir::DataType::kFloat32,
                              ir::Shape{1, data::channel_count(p.channels), p.height, p.width}};
    if (input.type != made) {
      return invalid_data("input '{}' is {}, its preprocessing makes {}", input.name,
                          input.type.to_string(), made.to_string());
    }
  }
  const ir::Shape classes = output.type.shape.value_or(ir::Shape{});
  if (!ir::is_floating_point(output.type.data_type) || classes.size() != 2 ||
      classes[0] != ir::Dim(1) || !classes[1].known() || classes[1].value() < 1) {
    return unsupported("output '{}' is {}, a classifier's is floating point [1,classes]",
                       output.name, output.type.to_string());
  }
  if (labels && std::ssize(*labels) != classes[1].value()) {
    return invalid_data("the model has {} labels for {} classes", labels->size(),
                        classes[1].value());
  }
  classifier.notes_ = executable->notes();
  classifier.classes_ = classes[1].value();
  classifier.labels_ = labels.value_or(std::vector<std::string>{});
  classifier.context_ = executable->new_context();
  return classifier;
}

std::optional<double> Classifier::interpreter_share() const {
  return measure::interpreter_share(context_->profile());
}

Result<std::vector<float>> Classifier::scores(const data::Image& image) {
  if (!preprocess_) return *no_preprocess_;
  return scores(data::apply(*preprocess_, image));
}

Result<std::vector<float>> Classifier::scores(const ir::Tensor& input) {
  std::int64_t expected = 1;
  for (const std::int64_t extent : input_dims_) expected *= extent;
  if (input.num_elements() != expected) {
    return invalid_argument("a sample of shape {}, expected {}", ir::to_string(input.dims()),
                            ir::to_string(input_dims_));
  }
  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs,
                   context_->run(std::array{input.reshaped(input_dims_)}));
  std::vector<float> scores = outputs[0].to_floats();
  if (!std::ranges::all_of(scores, [](float score) { return std::isfinite(score); })) {
    return invalid_data("the model's output is not finite");
  }
  return scores;
}

std::vector<ClassScore> Classifier::rank(std::vector<float> scores, std::size_t top) const {
  if (!probabilities_) apply_softmax(scores);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(top, order.size()));
  std::vector<ClassScore> best;
  for (const std::size_t i : order) {
    best.push_back(
        {static_cast<std::int64_t>(i), labels_.empty() ? std::string() : labels_[i], scores[i]});
  }
  return best;
}

Result<std::vector<ClassScore>> Classifier::classify(const data::Image& image, std::size_t top) {
  ASSIGN_OR_RETURN(std::vector<float> values, scores(image));
  return rank(std::move(values), top);
}

}  // namespace lathe::measure

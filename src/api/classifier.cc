#include "lathe/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "api/access.h"
#include "data/decode_image.h"
#include "data/preprocess.h"

namespace lathe {
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
    sum += value;
  }
  for (float& value : values) value = static_cast<float>(value / sum);
}

std::string describe_shape(const ValueInfo& info) {
  std::string text(data_type_name(info.data_type));
  return text + ir::to_string(info.shape);
}

}  // namespace

struct Classifier::Impl {
  data::Preprocess preprocess;
  std::vector<std::string> labels;  // one per class, or none
  bool probabilities = false;
  std::vector<std::int64_t> input_shape;
  Context context;
};

Classifier::Classifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Classifier::Classifier(Classifier&& other) noexcept = default;
Classifier& Classifier::operator=(Classifier&& other) noexcept = default;
Classifier::~Classifier() = default;

Expected<Classifier> Classifier::create(const Model& model, CompileOptions options) {
  ASSIGN_OR_FAIL(std::optional<data::Preprocess> preprocess,
                 data::read_preprocess(model.metadata()));
  if (!preprocess) {
    return to_failure(invalid_argument(
        "the model does not say how an image becomes its input: it has no metadata '{}'",
        data::kPreprocessKey));
  }
  ASSIGN_OR_FAIL(std::optional<std::vector<std::string>> labels,
                 data::read_labels(model.metadata()));

  options.batch = 1;
  Expected<Executable> compiled = model.compile(options);
  if (!compiled.ok()) return compiled.failure();
  const std::vector<ValueInfo>& inputs = compiled->inputs();
  const std::vector<ValueInfo>& outputs = compiled->outputs();
  const std::vector<std::int64_t> input_shape = {1, data::channel_count(preprocess->channels),
                                                 preprocess->height, preprocess->width};
  if (inputs.size() != 1 || outputs.size() != 1) {
    return to_failure(unsupported("a classifier has one input and one output, the model {} and {}",
                                  inputs.size(), outputs.size()));
  }
  if (inputs[0].data_type != DataType::kFloat32 || inputs[0].shape != input_shape) {
    return to_failure(invalid_data("input '{}' is {}, its preprocessing makes float32{}",
                                   inputs[0].name, describe_shape(inputs[0]),
                                   ir::to_string(input_shape)));
  }
  const ValueInfo& output = outputs[0];
  if (!ir::is_floating_point(static_cast<ir::DataType>(output.data_type)) ||
      output.shape.size() != 2 || output.shape[0] != 1 || output.shape[1] < 1) {
    return to_failure(unsupported("output '{}' is {}, a classifier's is floating point [1,classes]",
                                  output.name, describe_shape(output)));
  }
  if (labels && std::ssize(*labels) != output.shape[1]) {
    return to_failure(
        invalid_data("the model has {} labels for {} classes", labels->size(), output.shape[1]));
  }
  const ir::Graph& graph = Access::graph(model);
  return Classifier(std::make_unique<Impl>(Impl{
      .preprocess = *std::move(preprocess),
      .labels = labels ? *std::move(labels) : std::vector<std::string>{},
      .probabilities = is_probability(graph, graph.outputs()[0]),
      .input_shape = input_shape,
      .context = compiled->new_context(),
  }));
}

Expected<std::vector<ClassScore>> Classifier::classify(const std::filesystem::path& image,
                                                       std::size_t top) {
  ASSIGN_OR_FAIL(const data::Image pixels, data::load_image(image));
  return classify({pixels.height, pixels.width, pixels.channels, pixels.pixels}, top);
}

Expected<std::vector<ClassScore>> Classifier::classify(std::span<const std::byte> encoded,
                                                       std::size_t top) {
  ASSIGN_OR_FAIL(const data::Image pixels, data::decode_image(encoded));
  return classify({pixels.height, pixels.width, pixels.channels, pixels.pixels}, top);
}

Expected<std::vector<ClassScore>> Classifier::classify(const ImageView& image, std::size_t top) {
  const std::size_t row = static_cast<std::size_t>(std::max(image.width, 0)) *
                          static_cast<std::size_t>(std::max(image.channels, 0));
  if (image.height < 1 || row == 0 || (image.channels != 1 && image.channels != 3) ||
      image.pixels.size() % row != 0 ||
      image.pixels.size() / row != static_cast<std::size_t>(image.height)) {
    return to_failure(
        invalid_argument("an image of {} x {} pixels with {} channels cannot have {} bytes",
                         image.height, image.width, image.channels, image.pixels.size()));
  }
  const data::Image pixels{
      image.width, image.height, image.channels, {image.pixels.begin(), image.pixels.end()}};
  const Tensor input =
      Access::wrap(data::apply(impl_->preprocess, pixels).reshaped(impl_->input_shape));
  Expected<std::vector<Tensor>> outputs = impl_->context.run({&input, 1});
  if (!outputs.ok()) return outputs.failure();

  std::vector<float> scores = Access::unwrap(outputs->front()).to_floats();
  if (!std::ranges::all_of(scores, [](float score) { return std::isfinite(score); })) {
    return to_failure(invalid_data("the model's output is not finite"));
  }
  if (!impl_->probabilities) apply_softmax(scores);
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = static_cast<std::ptrdiff_t>(std::min(top, order.size()));
  const auto score_of = [&](std::int64_t i) { return scores[static_cast<std::size_t>(i)]; };
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](std::int64_t a, std::int64_t b) {
                      return score_of(a) != score_of(b) ? score_of(a) > score_of(b) : a < b;
                    });
  order.resize(static_cast<std::size_t>(count));

  std::vector<ClassScore> best;
  for (const std::int64_t i : order) {
    best.push_back(
        {i, impl_->labels.empty() ? std::string() : impl_->labels[static_cast<std::size_t>(i)],
         score_of(i)});
  }
  return best;
}

}  // namespace lathe

#include "train/check_model.h"

#include <span>
#include <vector>

#include "ops/infer_shapes.h"

namespace lathe::train {
namespace {

// What one sample becomes; empty where that depends on the sample.
std::vector<std::int64_t> sample_dims(const data::Dataset& dataset,
                                      const data::Preprocess* preprocess) {
  if (preprocess == nullptr) return dataset.sample_shape();
  return {data::channel_count(preprocess->channels), preprocess->height, preprocess->width};
}

Status check_input(const ir::Graph& graph, const data::Dataset& dataset,
                   const data::Preprocess* preprocess) {
  if (graph.inputs().size() != 1) {
    return unsupported("the graph has {} inputs, training takes graphs of one",
                       graph.inputs().size());
  }
  const ir::Value& input = graph.value(graph.inputs()[0]);
  if (input.type.data_type != ir::DataType::kFloat32 || !input.type.shape ||
      input.type.shape->size() < 2) {
    return invalid_argument("input {} is {}, training takes float32 with a batch axis in front",
                            input.name, input.type.to_string());
  }
  ir::Shape rest(input.type.shape->begin() + 1, input.type.shape->end());
  const auto dims = ir::known_dims(rest);
  if (!dims) {
    return invalid_argument(
        "input {} is {}: only the batch may be unknown, give other extents by --dim or --shape",
        input.name, input.type.to_string());
  }
  if (preprocess != nullptr && !dataset.is_images()) {
    return invalid_argument("{} holds features, no preprocessing applies to them", dataset.name());
  }
  const std::vector<std::int64_t> sample = sample_dims(dataset, preprocess);
  if (sample.empty()) {
    return invalid_argument("the images of {} differ in size: preprocessing must resize them",
                            dataset.name());
  }
  if (sample != *dims) {
    return invalid_argument("input {} takes {}, a sample of {} is {}", input.name,
                            ir::to_string(*dims), dataset.name(), ir::to_string(sample));
  }
  const ir::Dim& batch = input.type.shape->front();
  if (batch.known()) {
    return invalid_argument("input {} is {}: training needs an unknown batch extent", input.name,
                            input.type.to_string());
  }
  return {};
}

}  // namespace

Status check_classes(const data::Dataset& dataset) {
  if (dataset.size() == 0) return invalid_data("{} has no samples", dataset.name());
  const std::int64_t first = dataset.label(0);
  for (std::int64_t i = 1; i < dataset.size(); ++i) {
    if (dataset.label(i) != first) return {};
  }
  return invalid_data("{}: every training sample is of class '{}', a classifier needs two classes",
                      dataset.name(), dataset.class_names()[static_cast<std::size_t>(first)]);
}

Status check_model(const ir::Graph& graph, const data::Dataset& dataset,
                   const data::Preprocess* preprocess) {
  RETURN_IF_ERROR(check_input(graph, dataset, preprocess));
  if (dataset.size() == 0) return invalid_argument("{} has no samples", dataset.name());
  if (graph.outputs().size() != 1) {
    return unsupported("the graph has {} outputs, training takes graphs of one",
                       graph.outputs().size());
  }
  ir::Graph typed = graph;
  RETURN_IF_ERROR(ops::infer_shapes(typed));
  const ir::Value& output = typed.value(typed.outputs()[0]);
  const auto classes = static_cast<std::int64_t>(dataset.class_names().size());
  if (!output.type.shape || output.type.shape->size() < 2) {
    return invalid_argument("output {} is {}, expected one value per class", output.name,
                            output.type.to_string());
  }
  std::int64_t values = 1;
  for (const ir::Dim& dim : std::span(*output.type.shape).subspan(1)) {
    if (!dim.known()) return {};
    values *= dim.value();
  }
  if (values != classes) {
    return invalid_argument("output {} is {}, but {} has {} classes", output.name,
                            output.type.to_string(), dataset.name(), classes);
  }
  return {};
}

}  // namespace lathe::train

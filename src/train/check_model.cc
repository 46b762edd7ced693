#include "train/check_model.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/words.h"
#include "ops/infer_shapes.h"

namespace lathe::train {
namespace {

using Indices = std::vector<std::int64_t>;

std::vector<Indices> samples_by_class(const data::Dataset& dataset) {
  std::vector<Indices> samples(dataset.class_names().size());
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    samples[static_cast<std::size_t>(dataset.label(i))].push_back(i);
  }
  return samples;
}

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
  const ir::TensorType& type = input.type.tensor();
  if (type.data_type != ir::DataType::kFloat32 || !type.shape || type.shape->size() < 2) {
    return invalid_argument("input {} is {}, training takes float32 with a batch axis in front",
                            input.name, input.type.to_string());
  }
  ir::Shape rest(type.shape->begin() + 1, type.shape->end());
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
  const ir::Dim& batch = type.shape->front();
  if (batch.known()) {
    return invalid_argument("input {} is {}: training needs an unknown batch extent", input.name,
                            input.type.to_string());
  }
  return {};
}

}  // namespace

Status check_classes(const data::Dataset& dataset) {
  if (dataset.size() == 0) return invalid_data("{} has no samples", dataset.name());
  const std::vector<Indices> samples = samples_by_class(dataset);
  const auto name_of = [&](std::size_t label) { return dataset.class_names()[label]; };
  std::vector<std::string> readable;
  std::vector<std::string> unreadable;  // with their numbers of samples
  std::optional<Error> first_fault;
  for (std::size_t label = 0; label < samples.size() && readable.size() < 2; ++label) {
    if (samples[label].empty()) continue;
    const bool can_be_read = std::ranges::any_of(samples[label], [&](std::int64_t index) {
      const auto sample = dataset.get(index);
      if (!sample.ok() && !first_fault) first_fault = sample.error();
      return sample.ok();
    });
    if (can_be_read) {
      readable.push_back(name_of(label));
    } else {
      unreadable.push_back(
          fmt::format("{} of {}", counted(std::ssize(samples[label]), "sample"), name_of(label)));
    }
  }
  if (readable.size() >= 2) return {};
  if (unreadable.empty()) {
    return invalid_data(
        "{}: every training sample is of class '{}', a classifier needs two classes",
        dataset.name(), readable[0]);
  }
  return invalid_data(
      "{}: {}, a classifier needs two classes; not one can be read of {}; the first: {}",
      dataset.name(),
      readable.empty()
          ? "no training sample can be read"
          : fmt::format("only training samples of class '{}' can be read", readable[0]),
      listed(unreadable), first_fault->message());
}

std::string remark_on_classes(const data::Dataset& dataset) {
  const std::vector<Indices> samples = samples_by_class(dataset);
  std::vector<std::string> empty;
  for (std::size_t label = 0; label < samples.size(); ++label) {
    if (samples[label].empty()) empty.push_back(dataset.class_names()[label]);
  }
  if (empty.empty()) return {};
  return fmt::format("{}: no training sample is of {} of the {} classes: {}", dataset.name(),
                     grouped(std::ssize(empty)), grouped(std::ssize(samples)), listed(empty));
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
  const std::optional<ir::Shape>& shape = output.type.tensor().shape;
  const auto classes = static_cast<std::int64_t>(dataset.class_names().size());
  if (!shape || shape->size() < 2) {
    return invalid_argument("output {} is {}, expected one value per class", output.name,
                            output.type.to_string());
  }
  std::int64_t values = 1;
  for (const ir::Dim& dim : std::span(*shape).subspan(1)) {
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

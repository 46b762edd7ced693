#include "cli/train_inputs.h"

#include <algorithm>
#include <cmath>

#include "cli/interrupt.h"
#include "data/default_preprocess.h"
#include "formats/model_file.h"
#include "ir/architectures.h"
#include "ops/infer_shapes.h"

namespace lathe::cli {
namespace {

// Of the input, where it is that of images: [N,C,H,W] with a known size.
std::optional<Extents> image_extents(const ir::Graph& graph) {
  if (graph.inputs().size() != 1) return std::nullopt;
  const ir::TensorType& type = graph.tensor_type(graph.inputs()[0]);
  if (!type.has_rank(4) || !(*type.shape)[2].known() || !(*type.shape)[3].known())
    return std::nullopt;
  return Extents{(*type.shape)[2].value(), (*type.shape)[3].value()};
}

// Mean and deviation of the images; their own size, or the one that is asked for.
Result<data::Preprocess> preprocess_of(const data::Dataset& dataset,
                                       const std::optional<Extents>& wanted) {
  ASSIGN_OR_RETURN(data::Preprocess preprocess,
                   data::default_preprocess(dataset, /*samples=*/4096, interrupted));
  if (wanted) {
    preprocess.height = static_cast<int>(wanted->height);
    preprocess.width = static_cast<int>(wanted->width);
    preprocess.resize_short = 0;
  }
  return preprocess;
}

Result<ir::Graph> new_network(const TrainCall& call, const data::Dataset& dataset,
                              const std::optional<data::Preprocess>& preprocess) {
  ir::ArchitectureOptions shape;
  shape.classes = static_cast<std::int64_t>(dataset.class_names().size());
  shape.seed = call.options.seed;
  if (preprocess) {
    shape.channels = data::channel_count(preprocess->channels);
    shape.height = preprocess->height;
    shape.width = preprocess->width;
  } else if (const auto sample = dataset.sample_shape(); sample.size() == 3) {
    shape.channels = sample[0];
    shape.height = sample[1];
    shape.width = sample[2];
  } else {
    return unsupported("--arch needs images; train a MODEL of your own on features");
  }
  return ir::make_architecture(call.architecture, shape);
}

// The graph with other types of its inputs, and what follows of them.
Result<ir::Graph> with_input_types(ir::Graph graph, const std::vector<ir::TensorType>& types) {
  for (const ir::NodeId id : graph.node_ids()) {
    for (const ir::ValueId output : graph.node(id).outputs)
      if (output != ir::kNoValue) graph.set_type(output, {});
  }
  for (std::size_t i = 0; i < types.size(); ++i) graph.set_type(graph.inputs()[i], types[i]);
  RETURN_IF_ERROR(ops::infer_shapes(graph));
  return graph;
}

std::vector<ir::TensorType> input_types(const ir::Graph& graph) {
  std::vector<ir::TensorType> types;
  for (const ir::ValueId id : graph.inputs()) types.push_back(graph.tensor_type(id));
  return types;
}

// `types`, with the batch of `batches`.
std::vector<ir::TensorType> with_batches(std::vector<ir::TensorType> types,
                                         const std::vector<ir::TensorType>& batches) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto& batch = batches[i].shape;
    if (batch && !batch->empty() && types[i].shape && !types[i].shape->empty())
      types[i].shape->front() = batch->front();
  }
  return types;
}

// Gives the graph the extents of --shape and --dim; a batch that is open stays so, for --batch.
Status take_shapes(const TrainCall& call, TrainingModel& model) {
  if (!call.shapes.given()) return {};
  engine::CompileOptions options;
  RETURN_IF_ERROR(call.shapes.add_to(options));
  ASSIGN_OR_RETURN(const ir::Graph bound,
                   engine::bind_shapes(model.graph, options).with_context(call.model));
  model.file_types = input_types(model.graph);
  ASSIGN_OR_RETURN(model.graph,
                   with_input_types(bound, with_batches(input_types(bound), model.file_types)));
  return {};
}

}  // namespace

Result<TrainingData> open_training_data(const TrainCall& call) {
  const std::int64_t limit = call.data.limit;
  data::DatasetOptions options{.limit = limit, .validation_share = call.validation_share};
  std::int64_t held_out = 0;
  if (limit > 0 && call.validation_share > 0) {
    if (limit < 2) {
      return invalid_argument(
          "--limit {}: one sample cannot be divided; expected 2 or more, or --validation-share 0",
          limit);
    }
    const double share = call.validation_share * static_cast<double>(limit);
    held_out = std::clamp<std::int64_t>(std::llround(share), 1, limit - 1);
    options.limit = limit - held_out;
  }
  TrainingData data;
  ASSIGN_OR_RETURN(data.training, data::open_dataset(call.data.spec, data::Split::kTrain, options));
  if (call.validation_share > 0) {
    options.limit = held_out;
    ASSIGN_OR_RETURN(data.validation,
                     data::open_dataset(call.data.spec, data::Split::kValidation, options));
  }
  return data;
}

Result<TrainingModel> make_training_model(const TrainCall& call, const data::Dataset& dataset) {
  TrainingModel model;
  ASSIGN_OR_RETURN(model.preprocess, call.data.parse_preprocess());
  std::optional<Extents> size = call.extents;
  if (!call.model.empty()) {
    ASSIGN_OR_RETURN(model.graph, formats::load_model(call.model));
    RETURN_IF_ERROR(take_shapes(call, model));
    if (!model.preprocess) {
      ASSIGN_OR_RETURN(model.preprocess, data::read_preprocess(model.graph.metadata));
    }
    size = image_extents(model.graph);
  }
  if (!model.preprocess && dataset.is_images()) {
    ASSIGN_OR_RETURN(model.preprocess, preprocess_of(dataset, size));
  }
  if (call.model.empty()) {
    ASSIGN_OR_RETURN(model.graph, new_network(call, dataset, model.preprocess));
  }
  return model;
}

Result<ir::Graph> reopen(const TrainingModel& model, const ir::Graph& trained) {
  if (model.file_types.empty()) return trained;
  return with_input_types(trained, with_batches(model.file_types, input_types(trained)));
}

}  // namespace lathe::cli

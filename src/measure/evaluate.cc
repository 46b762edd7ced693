#include "measure/evaluate.h"

#include <algorithm>
#include <chrono>

#include "data/loader.h"
#include "measure/batch_runner.h"

namespace lathe::measure {
namespace {

// How many classes beat class `label`: more, or as much with a lower index.
std::int64_t rank_of(std::span<const float> scores, std::size_t label) {
  std::int64_t ahead = 0;
  for (std::size_t c = 0; c < scores.size(); ++c) {
    if (scores[c] > scores[label] || (scores[c] == scores[label] && c < label)) ++ahead;
  }
  return ahead;
}

}  // namespace

Result<std::optional<data::Preprocess>> resolve_preprocess(
    const ir::Graph& graph, const data::Dataset& dataset,
    const std::optional<data::Preprocess>& given) {
  if (!dataset.is_images()) return std::optional<data::Preprocess>{};
  if (given) return given;
  ASSIGN_OR_RETURN(auto preprocess, data::read_preprocess(graph.metadata));
  if (!preprocess) {
    return error(ErrorCode::kNotFound,
                 "the model does not say how images become its input: its metadata has no '{}'; "
                 "pass --preprocess",
                 data::kPreprocessKey);
  }
  return preprocess;
}

Result<Evaluation> evaluate(const ir::Graph& graph, std::shared_ptr<const data::Dataset> dataset,
                            const EvaluateOptions& options) {
  ASSIGN_OR_RETURN(const auto preprocess, resolve_preprocess(graph, *dataset, options.preprocess));
  ASSIGN_OR_RETURN(BatchRunner runner,
                   BatchRunner::create(graph, options.backend, options.threads, options.batch));
  const engine::TensorInfo& output = runner.executable().outputs()[0];
  if (output.type.shape->size() != 2) {
    return unsupported("output '{}' is {}, expected [N,classes]", output.name,
                       output.type.to_string());
  }
  Evaluation result;
  result.classes = (*output.type.shape)[1].value();
  const auto labelled = static_cast<std::int64_t>(dataset->class_names().size());
  if (result.classes < labelled) {
    return invalid_argument("the model has {} classes, the dataset {}", result.classes, labelled);
  }
  result.confusion.assign(static_cast<std::size_t>(result.classes * result.classes), 0);

  data::LoaderOptions loading;
  loading.batch_size = runner.batch();
  loading.strict = options.strict;
  loading.cache_bytes = 0;
  const std::int64_t total = dataset->size();
  data::Loader loader(std::move(dataset), preprocess, loading);
  loader.start_epoch(0);
  std::int64_t hits = 0;
  std::int64_t near_hits = 0;
  std::int64_t seen = 0;
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, loader.next());
    if (!batch) break;
    ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs, runner.run(batch->inputs));
    const ir::Tensor scores = outputs[0].cast(ir::DataType::kFloat32);
    const auto labels = batch->labels.data<std::int64_t>();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto row = scores.data<float>().subspan(i * static_cast<std::size_t>(result.classes),
                                                    static_cast<std::size_t>(result.classes));
      const std::int64_t rank = rank_of(row, static_cast<std::size_t>(labels[i]));
      hits += rank == 0 ? 1 : 0;
      near_hits += rank < 5 ? 1 : 0;
      const std::int64_t predicted = std::max_element(row.begin(), row.end()) - row.begin();
      ++result.confusion[static_cast<std::size_t>(labels[i] * result.classes + predicted)];
    }
    result.samples += static_cast<std::int64_t>(labels.size());
    seen = std::min(total, seen + runner.batch());
    if (options.on_progress) options.on_progress(seen, total);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (result.samples == 0) return invalid_data("no sample could be read");
  result.corrupt = loader.corrupt_samples();
  result.top1 = static_cast<double>(hits) / static_cast<double>(result.samples);
  result.top5 = static_cast<double>(near_hits) / static_cast<double>(result.samples);
  result.images_per_s = static_cast<double>(result.samples) / took.count();
  return result;
}

}  // namespace lathe::measure

#include "measure/evaluate.h"

#include <algorithm>
#include <chrono>
#include <deque>

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

// Counts right answers batch by batch.
class Tally {
 public:
  // result.classes and the size of result.confusion are set.
  explicit Tally(Evaluation& result) : result_(result) {}

  Status add(const ir::Tensor& output, std::span<const std::int64_t> labels) {
    const auto classes = static_cast<std::size_t>(result_.classes);
    const ir::Tensor scores = output.cast(ir::DataType::kFloat32);
    if (scores.data<float>().size() != labels.size() * classes) {
      return invalid_data("the output is {}, expected [{},{}]", output.type().to_string(),
                          labels.size(), classes);
    }
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto row = scores.data<float>().subspan(i * classes, classes);
      const std::int64_t rank = rank_of(row, static_cast<std::size_t>(labels[i]));
      result_.ranks.push_back(static_cast<std::int32_t>(rank));
      const std::int64_t predicted = std::max_element(row.begin(), row.end()) - row.begin();
      ++result_.confusion[static_cast<std::size_t>(labels[i] * result_.classes + predicted)];
    }
    result_.samples += static_cast<std::int64_t>(labels.size());
    return {};
  }

  void finish() {
    if (result_.samples == 0) return;
    const auto share = [&](std::int32_t among) {
      const auto hits = std::count_if(result_.ranks.begin(), result_.ranks.end(),
                                      [&](std::int32_t rank) { return rank < among; });
      return static_cast<double>(hits) / static_cast<double>(result_.samples);
    };
    result_.top1 = share(1);
    result_.top5 = share(5);
  }

 private:
  Evaluation& result_;
};

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
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(options.backend));
  ASSIGN_OR_RETURN(const BatchRunner runner, BatchRunner::create(graph, *backend, options.compile));
  const engine::TensorInfo& output = runner.executable().outputs()[0];
  if (output.type.shape->size() != 2 || !(*output.type.shape)[1].known()) {
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
  Tally tally(result);
  std::int64_t seen = 0;
  const auto start = std::chrono::steady_clock::now();
  // Batches in flight with the labels of their samples, oldest first.
  std::deque<std::pair<BatchRunner::Pending, ir::Tensor>> in_flight;
  const auto most = static_cast<std::size_t>(runner.executable().streams()) + 1;
  for (bool more = true; more || !in_flight.empty();) {
    if (more && options.stop_requested && options.stop_requested()) {
      result.interrupted = true;
      more = false;
      continue;
    }
    if (more && in_flight.size() < most) {
      ASSIGN_OR_RETURN(std::optional<data::Batch> batch, loader.next());
      more = batch.has_value();
      if (!batch) continue;
      ASSIGN_OR_RETURN(BatchRunner::Pending pending, runner.submit(batch->inputs));
      in_flight.emplace_back(std::move(pending), std::move(batch->labels));
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs, in_flight.front().first.get());
    RETURN_IF_ERROR(tally.add(outputs[0], in_flight.front().second.data<std::int64_t>()));
    in_flight.pop_front();
    seen = std::min(total, seen + runner.batch());
    if (options.on_progress) options.on_progress(seen, total);
  }
  tally.finish();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (result.samples == 0 && result.interrupted)
    return error(ErrorCode::kInterrupted, "before the first sample was evaluated");
  if (result.samples == 0) return invalid_data("no sample could be read");
  result.corrupt = loader.corrupt_samples();
  result.notes = runner.executable().notes();
  result.images_per_s = static_cast<double>(result.samples) / took.count();
  return result;
}

}  // namespace lathe::measure

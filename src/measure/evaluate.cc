#include "measure/evaluate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>

#include "backends/backends.h"
#include "base/words.h"
#include "data/loader.h"
#include "data/match_classes.h"
#include "measure/batch_runner.h"
#include "measure/model_preprocess.h"

namespace lathe::measure {
namespace {

// How many classes beat class `label`: more, or as much with a lower index.
std::int32_t rank_of(std::span<const float> scores, std::size_t label) {
  std::int32_t ahead = 0;
  for (std::size_t c = 0; c < scores.size(); ++c) {
    if (std::isnan(scores[c])) return kNoRank;
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
      const std::int32_t rank = rank_of(row, static_cast<std::size_t>(labels[i]));
      result_.ranks.push_back(rank);
      if (rank == kNoRank) continue;
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

  // What the numbers do not show.
  void remark(std::vector<std::string>& notes) const {
    const auto unanswered = std::ranges::count(result_.ranks, kNoRank);
    if (unanswered > 0) {
      notes.push_back(
          fmt::format("to {} the model's outputs are no numbers (NaN): counted as wrong",
                      counted(unanswered, "sample")));
    }
    std::int64_t classes = 0;
    for (std::int64_t truth = 0; truth < result_.classes; ++truth) {
      const auto row = std::span(result_.confusion)
                           .subspan(static_cast<std::size_t>(truth * result_.classes),
                                    static_cast<std::size_t>(result_.classes));
      classes += std::ranges::any_of(row, [](std::int64_t count) { return count > 0; }) ? 1 : 0;
    }
    if (classes == 1 && result_.classes > 1) {
      notes.emplace_back("all samples are of one class: their top-1 says little about the others");
    }
  }

 private:
  Evaluation& result_;
};

}  // namespace

Result<Evaluation> evaluate(ir::Graph graph, std::shared_ptr<const data::Dataset> dataset,
                            const EvaluateOptions& options) {
  ASSIGN_OR_RETURN(const auto preprocess, resolve_preprocess(graph, *dataset, options.preprocess));
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(options.backend));
  ASSIGN_OR_RETURN(const auto labels, data::read_labels(graph.metadata));
  ASSIGN_OR_RETURN(const BatchRunner runner,
                   BatchRunner::create(std::move(graph), *backend, options.compile));
  const engine::TensorInfo& output = runner.executable().outputs()[0];
  if (!output.type.has_rank(2) || !(*output.type.shape)[1].known()) {
    return unsupported("output '{}' is {}, expected [N,classes]", output.name,
                       output.type.to_string());
  }
  Evaluation result;
  result.classes = (*output.type.shape)[1].value();
  ASSIGN_OR_RETURN(
      dataset, data::match_classes(std::move(dataset), labels.value_or(std::vector<std::string>{}),
                                   result.classes));
  result.class_names = dataset->class_names();
  result.data_notes = dataset->origin().notes;
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
  result.corrupt_messages = loader.first_corrupt_messages();
  result.notes = runner.executable().notes();
  tally.remark(result.data_notes);
  result.images_per_s = static_cast<double>(result.samples) / took.count();
  return result;
}

}  // namespace lathe::measure

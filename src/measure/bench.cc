#include "measure/bench.h"

#include <algorithm>
#include <malloc.h>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "formats/onnx/read_onnx.h"
#include "measure/inference_timer.h"
#include "measure/profile.h"
#include "measure/rounds.h"
#include "measure/system_info.h"
#include "measure/worker_process.h"

namespace lathe::measure {
namespace {

using nlohmann::json;

// What a row's process answers: "load" with a LoadedModel, "warm" with a WarmModel, "round" with a
// Round.
struct WarmModel {
  std::int64_t peak_rss_bytes = 0;
  std::optional<double> interpreter_share;
};

json to_json(const WarmModel& warm) {
  json answer{{"peak_rss_bytes", warm.peak_rss_bytes}};
  if (warm.interpreter_share) answer["interpreter_share"] = *warm.interpreter_share;
  return answer;
}

WarmModel warm_model_from_json(const json& answer) {
  WarmModel warm{answer.at("peak_rss_bytes").get<std::int64_t>(), std::nullopt};
  if (answer.contains("interpreter_share"))
    warm.interpreter_share = answer.at("interpreter_share").get<double>();
  return warm;
}

WorkerProcess::Handler row_handler(const BenchRow& row, std::uint64_t seed) {
  auto timer = std::make_shared<std::optional<InferenceTimer>>();
  return [row, seed, timer](const json& question) -> Result<json> {
    const std::string verb = question.at("do");
    if (verb == "load") {
      ASSIGN_OR_RETURN(*timer, InferenceTimer::load(row.model, row.backend, row.options, seed));
      return to_json((*timer)->loaded());
    }
    ASSIGN_OR_RETURN(const Round round, (*timer)->measure(question.at("seconds")));
    if (verb == "warm") {
      WarmModel warm{peak_rss_bytes(), std::nullopt};
      ASSIGN_OR_RETURN(warm.interpreter_share, (*timer)->interpreter_share());
      return to_json(warm);
    }
    return json{{"latencies_ms", round.latencies_ms}, {"wall_ms", round.wall_ms}};
  };
}

// What `read` makes of an answer, which a library that overwrote memory may have spoilt.
template <typename Read>
auto read_answer(const json& answer, const Read& read) -> Result<decltype(read(answer))> {
  try {
    return read(answer);
  } catch (const json::exception&) {
    return error(ErrorCode::kInternal, "its process gave an answer that cannot be read");
  }
}

Round round_from_json(const json& answer) {
  return {answer.at("latencies_ms").get<std::vector<double>>(), answer.at("wall_ms")};
}

// One row while its group is measured.
struct RowInWork {
  std::size_t index = 0;  // of all rows
  std::optional<WorkerProcess> worker;
  Patience patience;
  LoadedModel loaded;
  WarmModel warm;
  RoundSeries series;

  Status prepare(const BenchRow& row, const BenchOptions& options) {
    patience = {options.answer_seconds, options.stop_requested, options.late_remedy};
    ASSIGN_OR_RETURN(worker, WorkerProcess::start(row_handler(row, options.seed)));
    ASSIGN_OR_RETURN(const json answer, worker->ask({{"do", "load"}}, patience));
    ASSIGN_OR_RETURN(loaded, read_answer(answer, loaded_model_from_json));
    ASSIGN_OR_RETURN(const json warmed,
                     worker->ask({{"do", "warm"}, {"seconds", options.seconds / 10}}, patience));
    ASSIGN_OR_RETURN(warm, read_answer(warmed, warm_model_from_json));
    return {};
  }
  Result<Round> measure(double seconds) {
    ASSIGN_OR_RETURN(const json answer,
                     worker->ask({{"do", "round"}, {"seconds", seconds}}, patience));
    return read_answer(answer, round_from_json);
  }
};

// Of each row's model, 0 where it cannot be told. In a process of its own, since reading the files
// takes memory that would be counted for the processes forked after that.
std::vector<std::int64_t> sizes_of_models(std::span<const BenchRow> rows) {
  const auto sizes = run_isolated([rows]() -> Result<json> {
    std::map<Path, std::int64_t> known;
    json list = json::array();
    for (const BenchRow& row : rows) {
      if (!known.contains(row.model)) known[row.model] = formats::size_of_model(row.model);
      list.push_back(known[row.model]);
    }
    return list;
  });
  return sizes.ok() ? sizes->get<std::vector<std::int64_t>>()
                    : std::vector<std::int64_t>(rows.size(), 0);
}

BenchResult summarize(const BenchRow& row, const RowInWork& work) {
  BenchResult result;
  result.model = row.model.string();
  result.backend = row.backend;
  result.backend_version = work.loaded.backend_version;
  result.threads = work.loaded.threads;
  result.batch = work.loaded.batch;
  result.streams = work.loaded.streams;
  result.precision = engine::precision_name(row.options.precision);
  result.rounds = static_cast<std::int64_t>(work.series.rounds.size());
  result.stable = work.series.stable;
  result.finished = work.series.finished;
  std::vector<double> latencies;
  double wall_ms = 0;
  for (const Round& round : work.series.rounds) {
    latencies.insert(latencies.end(), round.latencies_ms.begin(), round.latencies_ms.end());
    wall_ms += round.wall_ms;
  }
  const auto runs = static_cast<double>(latencies.size());
  result.runs = static_cast<std::int64_t>(latencies.size());
  const Distribution times = describe_values(std::move(latencies));
  result.min_ms = times.min;
  result.p50_ms = times.p50;
  result.p90_ms = times.p90;
  result.p95_ms = times.p95;
  result.p99_ms = times.p99;
  result.mean_ms = times.mean;
  result.stddev_ms = times.stddev;
  result.items_per_s = static_cast<double>(result.batch) * runs / wall_ms * 1000;
  result.load_ms = work.loaded.load_ms;
  result.first_ms = work.loaded.first_ms;
  result.macs = work.loaded.macs;
  result.gflops = 2e-6 * static_cast<double>(result.macs) * runs / wall_ms;
  result.arena_bytes = work.loaded.arena_bytes;
  result.weight_bytes = work.loaded.weight_bytes;
  result.peak_rss_bytes = work.warm.peak_rss_bytes;
  result.interpreter_share = work.warm.interpreter_share;
  result.notes = work.loaded.notes;
  if (std::string slow = describe_interpreter_share(result.interpreter_share); !slow.empty())
    result.notes.push_back(std::move(slow));
  return result;
}

// Per round: how fast the row was, larger is faster.
std::vector<double> speeds(const BenchRow& row, const RoundSeries& series) {
  if (row.options.streams > 1) return round_rates(series.rounds);
  std::vector<double> result = round_medians(series.rounds);
  for (double& value : result) value = 1 / value;
  return result;
}

class Bench {
 public:
  Bench(std::span<const BenchRow> rows, const BenchOptions& options)
      : rows_(rows),
        options_(options),
        results_(rows.size()),
        failures_(rows.size()),
        speeds_(rows.size()),
        group_of_(rows.size()) {}

  BenchReport run() {
    sizes_ = sizes_of_models(rows_);
    const auto groups = group_rows(rows_, sizes_, options_.limits);
    for (std::size_t i = 0; i < groups.size() && !stopped(); ++i) {
      for (const std::size_t row : groups[i]) group_of_[row] = i;
      measure_group(groups[i]);
      rows_done_ += groups[i].size();
      // What was freed would count as memory of the processes that are forked next.
      ::malloc_trim(0);
    }
    compare();
    BenchReport report;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (results_[i]) {
        report.results.push_back(*std::move(results_[i]));
      } else if (failures_[i]) {
        report.failures.push_back({rows_[i], *std::move(failures_[i])});
      } else {
        report.unmeasured.push_back(rows_[i]);
      }
    }
    report.interrupted = !report.unmeasured.empty() ||
                         std::any_of(report.results.begin(), report.results.end(),
                                     [](const BenchResult& result) { return !result.finished; });
    return report;
  }

 private:
  void measure_group(const std::vector<std::size_t>& group) {
    std::vector<RowInWork> work;
    for (const std::size_t index : group) {
      if (stopped()) return;
      say(0, group.size(), "loading " + describe(rows_[index]));
      RowInWork row;
      row.index = index;
      if (const Status status = row.prepare(rows_[index], options_); status.ok()) {
        work.push_back(std::move(row));
      } else if (status.error().code() != ErrorCode::kInterrupted) {
        failures_[index] = status.error();
      }
    }
    RoundOptions rounds;
    rounds.seconds = options_.seconds;
    rounds.stop_requested = options_.stop_requested;
    auto series = measure_in_rounds(
        work.size(), rounds,
        [&](std::size_t row, double seconds) { return work[row].measure(seconds); },
        [&](std::size_t round, std::size_t row, double share) {
          say(share, group.size(),
              fmt::format("round {}: {}", round + 1, describe(rows_[work[row].index])));
        });
    for (std::size_t i = 0; i < work.size(); ++i) {
      const std::size_t index = work[i].index;
      work[i].series = std::move(series[i]);
      if (work[i].series.failed) {
        failures_[index] = *work[i].series.failed;
      } else if (!work[i].series.rounds.empty()) {
        results_[index] = summarize(rows_[index], work[i]);
        results_[index]->size_bytes = sizes_[index];
        speeds_[index] = speeds(rows_[index], work[i].series);
      }
    }
  }

  void compare() {
    std::vector<bool> measured;
    for (const auto& result : results_) measured.push_back(result.has_value());
    const auto baselines = find_baselines(rows_, measured);
    const auto first_asked = find_baselines(rows_, std::vector<bool>(rows_.size(), true));
    const bool by_model = std::all_of(rows_.begin(), rows_.end(), [&](const BenchRow& row) {
      return row.backend == rows_.front().backend;
    });
    const auto name_of = [&](std::size_t row) {
      return by_model ? rows_[row].model.string() : rows_[row].backend;
    };
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!baselines[i]) continue;
      const std::size_t base = *baselines[i];
      if (group_of_[i] == group_of_[base]) {
        results_[i]->ratio = paired_ratio(speeds_[i], speeds_[base]);
      } else {
        results_[i]->ratio =
            Ratio{quantile(speeds_[i], 0.5) / quantile(speeds_[base], 0.5), std::nullopt};
      }
      results_[i]->ratio_to = name_of(base);
      if (!first_asked[i] || base == *first_asked[i]) continue;
      results_[i]->notes.push_back(
          fmt::format("is compared with {}, since {} {}", name_of(base), name_of(*first_asked[i]),
                      failures_[*first_asked[i]] ? "failed" : "was not measured"));
    }
  }

  [[nodiscard]] bool stopped() const {
    return options_.stop_requested && options_.stop_requested();
  }

  void say(double share_of_group, std::size_t group_rows, std::string what) const {
    if (!options_.on_progress) return;
    const double done =
        static_cast<double>(rows_done_) + share_of_group * static_cast<double>(group_rows);
    options_.on_progress({done / static_cast<double>(rows_.size()), std::move(what)});
  }

  std::span<const BenchRow> rows_;
  const BenchOptions& options_;
  std::size_t rows_done_ = 0;
  // By row.
  std::vector<std::int64_t> sizes_;
  std::vector<std::optional<BenchResult>> results_;
  std::vector<std::optional<Error>> failures_;
  std::vector<std::vector<double>> speeds_;
  std::vector<std::size_t> group_of_;
};

}  // namespace

BenchReport bench(std::span<const BenchRow> rows, const BenchOptions& options) {
  return Bench(rows, options).run();
}

}  // namespace lathe::measure

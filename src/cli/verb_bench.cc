#include <algorithm>
#include <charconv>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "base/cpu.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "cli/verb.h"
#include "measure/bench.h"
#include "measure/system_info.h"
#include "measure/worker_process.h"
#include "report/bench_page.h"
#include "report/bench_table.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::vector<std::string> models;
  std::vector<std::string> backends = {"native"};
  std::vector<std::string> threads = {"1"};
  std::vector<std::string> streams = {"1"};
  std::vector<std::int64_t> batches = {1};
  CompileFlags compile;
  double latency_bound_ms = 0;
  double seconds = 2;
  double timeout = 600;
  std::uint64_t seed = 0;
  std::string csv;
  std::string html;
  std::string command;  // the call as it was made
  OutputFiles files;
  OutputOptions output;
};

// Whole numbers, where "auto" is 0.
Result<std::vector<int>> parse_counts(const char* option, const std::vector<std::string>& words) {
  constexpr int kMost = 4096;
  std::vector<int> counts;
  for (const std::string& word : words) {
    int count = 0;
    const char* end = word.data() + word.size();
    const auto [next, failed] = std::from_chars(word.data(), end, count);
    const bool number = failed == std::errc() && next == end && count >= 0 && count <= kMost;
    if (word != "auto" && !number) {
      return invalid_argument("{}: '{}' is neither 'auto' nor a number from 0 to {}", option, word,
                              kMost);
    }
    counts.push_back(number ? count : 0);
  }
  return counts;
}

// The names of all backends that can be used. Asked in a process of its own, because the answer
// takes loading their libraries.
Result<std::vector<std::string>> available_backends() {
  ASSIGN_OR_RETURN(const nlohmann::json names,
                   measure::run_isolated([]() -> Result<nlohmann::json> {
                     nlohmann::json available = nlohmann::json::array();
                     for (const engine::Backend* backend : engine::available_backends())
                       available.push_back(backend->name());
                     return available;
                   }));
  return names.get<std::vector<std::string>>();
}

Result<std::vector<std::string>> expand_backends(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const std::string& word : words) {
    if (word == "all") {
      ASSIGN_OR_RETURN(const auto available, available_backends());
      names.insert(names.end(), available.begin(), available.end());
    } else {
      RETURN_IF_ERROR(engine::find_backend(word));
      names.push_back(word);
    }
  }
  return names;
}

Result<measure::BenchMatrix> matrix_of(const Call& call) {
  measure::BenchMatrix matrix;
  matrix.models.assign(call.models.begin(), call.models.end());
  matrix.batches = call.batches;
  ASSIGN_OR_RETURN(matrix.backends, expand_backends(call.backends));
  ASSIGN_OR_RETURN(matrix.threads, parse_counts("--threads", call.threads));
  ASSIGN_OR_RETURN(matrix.streams, parse_counts("--streams", call.streams));
  ASSIGN_OR_RETURN(matrix.options, call.compile.parse());
  return matrix;
}

nlohmann::json json_of(const measure::BenchReport& report,
                       const std::vector<measure::BestBatch>& best_batches,
                       const measure::SystemInfo& system) {
  nlohmann::json json{{"system", measure::to_json(system)},
                      {"results", nlohmann::json::array()},
                      {"failures", nlohmann::json::array()},
                      {"interrupted", report.interrupted}};
  for (const measure::BenchResult& result : report.results) {
    nlohmann::json row = measure::to_json(result);
    // The peak is that of one thread.
    row["peak_share"] = result.gflops / (system.fma_peak_gflops * result.threads * result.streams);
    json["results"].push_back(std::move(row));
  }
  for (const measure::BenchFailure& failure : report.failures)
    json["failures"].push_back(measure::to_json(failure));
  for (const measure::BestBatch& best : best_batches)
    json["best_batch"].push_back(measure::to_json(best));
  if (report.interrupted) json["unmeasured"] = nlohmann::json::array();
  for (const measure::BenchRow& row : report.unmeasured)
    json["unmeasured"].push_back(measure::to_json(row));
  return json;
}

std::int64_t count_finished(const measure::BenchReport& report) {
  return std::count_if(report.results.begin(), report.results.end(),
                       [](const measure::BenchResult& result) { return result.finished; });
}

// The rows that an interrupt left behind.
std::string unfinished_lines(const measure::BenchReport& report) {
  std::string text;
  for (const measure::BenchResult& result : report.results) {
    if (result.finished) continue;
    text += fmt::format("not finished: {}, {}, batch {} ({} round{} measured)\n",
                        Path(result.model).filename().string(), result.backend, result.batch,
                        result.rounds, result.rounds == 1 ? "" : "s");
  }
  for (const measure::BenchRow& row : report.unmeasured)
    text += fmt::format("not measured: {}\n", measure::describe(row));
  return text.empty() ? text : "\n" + text;
}

std::string text_of(const measure::BenchReport& report,
                    const std::vector<measure::BestBatch>& best_batches,
                    const measure::SystemInfo& system) {
  return fmt::format("{}\n\n{}{}", measure::summarize(system),
                     report::bench_text(report, best_batches, report::stdout_is_terminal()),
                     unfinished_lines(report));
}

Status write_files(const Call& call, const measure::BenchReport& report,
                   const std::vector<measure::BestBatch>& best_batches,
                   const measure::SystemInfo& system) {
  if (!call.csv.empty() && call.csv != "-")
    RETURN_IF_ERROR(write_file_atomic(call.csv, report::bench_csv(report)));
  if (call.html.empty()) return {};
  return write_file_atomic(call.html,
                           to_html(report::BenchPage{.title = "lathe bench",
                                                     .report = report,
                                                     .best_batches = best_batches,
                                                     .system = describe(system),
                                                     .command = call.command,
                                                     .generated_at = report::current_time()}));
}

// Refuses what CLI11 lets pass: infinite and absurd numbers, outputs that cannot be.
Status check(Call& call) {
  constexpr double kDay = 86400;
  RETURN_IF_ERROR(check_range("--seconds", call.seconds, 1e-3, kDay));
  RETURN_IF_ERROR(check_range("--timeout", call.timeout, 1e-6, kDay));
  RETURN_IF_ERROR(check_range("--latency-bound-ms", call.latency_bound_ms, 0, 1000 * kDay));
  for (const std::string& model : call.models) call.files.reads("MODEL", model);
  if (call.csv != "-") call.files.writes("--csv", call.csv);
  call.files.writes("--html", call.html);
  if (call.output.json && call.csv == "-") {
    return invalid_argument("--json and --csv - both print: give --csv a file");
  }
  return call.files.check(call.output);
}

measure::BenchReport measure_rows(const Call& call, const std::vector<measure::BenchRow>& rows) {
  measure::BenchOptions options;
  options.seconds = call.seconds;
  options.seed = call.seed;
  options.answer_seconds = call.timeout;
  options.late_remedy = "--timeout allows more";
  options.stop_requested = interrupted;
  constexpr std::int64_t kSteps = 1000;
  Progress progress("measuring", kSteps, !call.output.quiet);
  options.on_progress = [&](const measure::BenchProgress& now) {
    progress.update(static_cast<std::int64_t>(now.share * kSteps), now.what);
  };
  return measure::bench(rows, options);
}

Error interruption_of(const Call& call, const measure::BenchReport& report, std::size_t rows) {
  std::vector<std::string> files;
  if (call.csv != "-" && !call.csv.empty()) files.push_back(call.csv);
  if (!call.html.empty()) files.push_back(call.html);
  return interruption(
      "{} of {} rows were measured to the end{}", count_finished(report), rows,
      files.empty() ? "" : fmt::format("; {} not written", fmt::join(files, " and ")));
}

Status run(Call& call) {
  RETURN_IF_ERROR(check(call));
  ASSIGN_OR_RETURN(const measure::BenchMatrix matrix, matrix_of(call));
  const std::vector<measure::BenchRow> rows = make_rows(matrix);
  const measure::SystemInfo system = measure::system_info(true);
  const CatchInterrupts catching;
  const measure::BenchReport report = measure_rows(call, rows);
  std::vector<measure::BestBatch> best;
  if (call.latency_bound_ms > 0)
    best = measure::best_batches(report.results, call.latency_bound_ms);
  if (call.output.json) {
    print_json(json_of(report, best, system));
  } else if (call.csv == "-") {
    print(report::bench_csv(report));
  } else {
    call.files.print(text_of(report, best, system));
  }
  if (report.interrupted) return interruption_of(call, report, rows.size());
  RETURN_IF_ERROR(write_files(call, report, best, system));
  if (report.failures.empty()) return {};
  return error(ErrorCode::kUnavailable, "{} of {} rows could not be measured",
               report.failures.size(), rows.size());
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->models, "Model files")->required();
  app.add_option("--backend", call->backends,
                 "Backends, separated by commas; the first is what others are compared with. "
                 "'all': those that are installed")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--threads", call->threads,
                 "Threads of one inference, separated by commas ('auto': all allowed cores)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--batch", call->batches, "Batch sizes, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(kPositiveNumber)
      ->capture_default_str();
  app.add_option("--streams", call->streams,
                 "Inferences at a time, separated by commas ('auto': as many as the allowed cores "
                 "have room for)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  call->compile.declare(app, false);
  app.add_option("--latency-bound-ms", call->latency_bound_ms,
                 "Name for each model and backend the batch of the highest throughput whose p99 "
                 "latency keeps within this")
      ->check(kPositiveNumber);
  app.add_option("--seconds", call->seconds,
                 "Measuring time for each row at most; it ends when the median is stable")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_option("--timeout", call->timeout,
                 "A row has failed when its process gives no answer for so many seconds: for "
                 "loading with the first run, or for a round")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_option("--seed", call->seed, "Seed of the random input");
  app.add_option("--csv", call->csv, "Write all numbers of all rows to this file (-: print them)");
  app.add_option("--html", call->html, "Write a page with charts to this file");
  call->files.declare(app);
  call->output.declare(app);
  return [call, app] {
    call->command = command_line(app.app());
    return run(*call);
  };
}

}  // namespace

Verb bench_verb() {
  return {"bench", "Measure latency, throughput and memory side by side", declare,
          "lathe bench cnn.onnx cnn-int8.onnx --threads 1\n"
          "lathe bench cnn.onnx --backend all --html bench.html"};
}

}  // namespace lathe::cli

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "measure/bench.h"
#include "measure/system_info.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::vector<std::string> models;
  std::vector<std::string> backends = {"native"};
  std::vector<int> threads = {1};
  std::vector<std::int64_t> batches = {1};
  double seconds = 2;
  std::uint64_t seed = 0;
  OutputOptions output;
};

std::string table_of(const std::vector<measure::BenchResult>& results,
                     const measure::SystemInfo& system) {
  using report::Align;
  report::TextTable table({{"model"},
                           {"backend"},
                           {"threads", Align::kRight},
                           {"batch", Align::kRight},
                           {"p50", Align::kRight},
                           {"p90", Align::kRight},
                           {"p99", Align::kRight},
                           {"min", Align::kRight},
                           {"items/s", Align::kRight},
                           {"GFLOP/s", Align::kRight},
                           {"of peak", Align::kRight},
                           {"load", Align::kRight},
                           {"arena", Align::kRight},
                           {"peak RSS", Align::kRight}});
  for (const measure::BenchResult& r : results) {
    // The peak is that of one thread.
    const double share = r.gflops / (system.fma_peak_gflops * r.threads);
    table.add_row({Path(r.model).filename().string(), r.backend, std::to_string(r.threads),
                   std::to_string(r.batch), report::format_ms(r.p50_ms),
                   report::format_ms(r.p90_ms), report::format_ms(r.p99_ms),
                   report::format_ms(r.min_ms), report::format_integer(r.items_per_s),
                   report::format_number(r.gflops), report::format_percent(share, 0),
                   report::format_ms(r.load_ms), format_bytes(static_cast<double>(r.arena_bytes)),
                   format_bytes(static_cast<double>(r.peak_rss_bytes))});
  }
  std::string text;
  for (const auto& [key, value] : measure::describe(system))
    text += fmt::format("{:<20}{}\n", key, value);
  return text + "\n" + table.to_string(report::stdout_is_terminal()) +
         "GFLOP/s counts two operations per multiply-accumulate; the share is of the float32 FMA "
         "peak.\n";
}

Status run(const Call& call) {
  const measure::SystemInfo system = measure::system_info(true);
  std::vector<measure::BenchResult> results;
  const auto total = static_cast<std::int64_t>(call.models.size() * call.backends.size() *
                                               call.threads.size() * call.batches.size());
  Progress progress("measuring", total, !call.output.quiet);
  for (const std::string& model : call.models) {
    for (const std::string& backend : call.backends) {
      for (const int threads : call.threads) {
        for (const std::int64_t batch : call.batches) {
          measure::BenchOptions options;
          options.backend = backend;
          options.threads = threads > 0 ? threads : allowed_cores();
          options.batch = batch;
          options.seconds = call.seconds;
          options.seed = call.seed;
          ASSIGN_OR_RETURN(results.emplace_back(), measure::bench(model, options));
          progress.update(static_cast<std::int64_t>(results.size()),
                          Path(model).filename().string());
        }
      }
    }
  }
  if (!call.output.json) {
    print(table_of(results, system));
    return {};
  }
  nlohmann::json rows = nlohmann::json::array();
  for (const measure::BenchResult& result : results) {
    nlohmann::json row = measure::to_json(result);
    row["peak_share"] = result.gflops / (system.fma_peak_gflops * result.threads);
    rows.push_back(std::move(row));
  }
  print_json({{"system", measure::to_json(system)}, {"results", rows}});
  return {};
}

std::function<Status()> declare(CLI::App& app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->models, "Model files")->required();
  app.add_option("--backend", call->backends, "Backends, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--threads", call->threads,
                 "Threads of one inference, separated by commas (0: all allowed cores)")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  app.add_option("--batch", call->batches, "Batch sizes, separated by commas")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--seconds", call->seconds, "Measuring time for each row")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", call->seed, "Seed of the random input");
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb bench_verb() { return {"bench", "Measure latency, throughput and memory", declare}; }

}  // namespace lathe::cli

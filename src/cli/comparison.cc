#include "cli/comparison.h"

#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "data/encode_image.h"
#include "measure/bench.h"
#include "measure/classifier.h"
#include "measure/evaluate.h"
#include "measure/profile.h"
#include "measure/system_info.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

// Latency and memory of both files, measured in turns.
Result<std::vector<measure::BenchResult>> time_models(const ComparisonOptions& options) {
  const measure::BenchMatrix matrix{.models = {options.before_file, options.after_file},
                                    .threads = {options.threads}};
  measure::BenchReport report =
      measure::bench(measure::make_rows(matrix), {.seconds = options.seconds});
  for (const measure::BenchFailure& failure : report.failures)
    return failure.reason.with_context(describe(failure.row));
  return std::move(report.results);
}

Result<report::ModelSummary> summarize(const ir::Graph& graph, const std::string& name,
                                       const measure::BenchResult& speed,
                                       const std::shared_ptr<const data::Dataset>& test,
                                       const ComparisonOptions& options) {
  report::ModelSummary summary{.name = name, .file = speed.model};
  measure::EvaluateOptions evaluating;
  evaluating.on_progress = progress_callback("evaluating " + name, options.quiet);
  ASSIGN_OR_RETURN(const measure::Evaluation accuracy, measure::evaluate(graph, test, evaluating));
  summary.top1 = accuracy.top1;
  summary.top5 = accuracy.top5;
  summary.samples = accuracy.samples;
  summary.size_bytes = speed.size_bytes;
  summary.parameters = ir::parameter_count(graph);
  summary.macs = speed.macs;
  summary.arena_bytes = speed.arena_bytes;
  summary.p50_ms = speed.p50_ms;
  summary.p90_ms = speed.p90_ms;
  summary.p99_ms = speed.p99_ms;
  summary.mean_ms = speed.mean_ms;
  summary.images_per_s = speed.items_per_s;
  return summary;
}

// Steps of both models by the name of their node, in the order of the first.
Result<std::vector<report::LayerTiming>> time_layers(const ir::Graph& before,
                                                     const ir::Graph& after, int threads) {
  measure::ProfileOptions options;
  options.compile.threads = threads;
  const std::array graphs = {&before, &after};
  ASSIGN_OR_RETURN(const auto profiles, measure::profile_graphs(graphs, options));
  std::vector<report::LayerTiming> layers;
  std::map<std::string, std::size_t> index;
  for (const bool first : {true, false}) {
    for (const engine::StepProfile& step : profiles[first ? 0 : 1]) {
      const auto [it, added] = index.emplace(step.name, layers.size());
      if (added) {
        layers.push_back({.name = step.name,
                          .op_type = step.op_type,
                          .macs = static_cast<double>(step.macs),
                          .float_ms = report::kUnknown,
                          .int8_ms = report::kUnknown});
      }
      report::LayerTiming& layer = layers[it->second];
      const double ms = step.total_ms / static_cast<double>(step.runs);
      (first ? layer.float_ms : layer.int8_ms) = ms;
      (first ? layer.float_kernel : layer.int8_kernel) = step.kernel;
    }
  }
  return layers;
}

std::optional<report::History> training_history(const ir::Graph& graph) {
  const auto it = graph.metadata.find("lathe.history");
  if (it == graph.metadata.end()) return std::nullopt;
  const auto steps = nlohmann::json::parse(it->second, nullptr, false);
  if (!steps.is_array()) return std::nullopt;
  report::History history;
  for (const auto& step : steps) {
    if (!step.is_object() || step.value("step", "") != "train" || !step.contains("epochs"))
      continue;
    const auto& columns = step["epochs"];
    const auto at = [&](const char* name, std::size_t i) {
      const auto column = columns.find(name);
      const bool present = column != columns.end() && column->is_array() && i < column->size() &&
                           (*column)[i].is_number();
      return present ? (*column)[i].get<double>() : report::kUnknown;
    };
    const std::size_t epochs =
        columns.is_object() && columns.contains("epoch") ? columns["epoch"].size() : 0;
    for (std::size_t i = 0; i < epochs; ++i) {
      history.epochs.push_back({static_cast<std::int64_t>(history.epochs.size()) + 1,
                                at("train_loss", i), at("train_top1", i), at("validation_loss", i),
                                at("validation_top1", i), at("learning_rate", i)});
    }
  }
  if (history.epochs.empty()) return std::nullopt;
  return history;
}

Result<std::vector<report::Example>> classify_examples(const ir::Graph& before,
                                                       const ir::Graph& after,
                                                       const data::Dataset& test,
                                                       std::size_t count) {
  std::vector<report::Example> examples;
  if (!test.is_images()) return examples;
  ASSIGN_OR_RETURN(const engine::Backend* native, engine::find_backend("native"));
  const engine::CompileOptions compiling{.threads = 1};
  ASSIGN_OR_RETURN(measure::Classifier first,
                   measure::Classifier::create(before, *native, compiling));
  ASSIGN_OR_RETURN(measure::Classifier second,
                   measure::Classifier::create(after, *native, compiling));
  for (std::int64_t i = 0; i < test.size() && examples.size() < count; ++i) {
    const auto sample = test.get(i);
    if (!sample.ok()) continue;
    ASSIGN_OR_RETURN(const auto was, first.classify(sample->image, 1));
    ASSIGN_OR_RETURN(const auto is, second.classify(sample->image, 1));
    ASSIGN_OR_RETURN(std::string png, data::encode_png(sample->image));
    examples.push_back({.png = std::move(png),
                        .truth = test.class_names()[static_cast<std::size_t>(sample->label)],
                        .predicted_float = was[0].label,
                        .predicted_int8 = is[0].label,
                        .confidence = static_cast<double>(is[0].probability)});
  }
  return examples;
}

}  // namespace

Result<report::Report> compare_models(const ir::Graph& before, const ir::Graph& after,
                                      std::shared_ptr<const data::Dataset> test,
                                      const ComparisonOptions& options) {
  report::Report report;
  ASSIGN_OR_RETURN(const auto speeds, time_models(options));
  ASSIGN_OR_RETURN(auto first, summarize(before, options.before_name, speeds[0], test, options));
  ASSIGN_OR_RETURN(auto second, summarize(after, options.after_name, speeds[1], test, options));
  report.models = {std::move(first), std::move(second)};
  ASSIGN_OR_RETURN(report.layers, time_layers(before, after, options.threads));
  ASSIGN_OR_RETURN(report.examples, classify_examples(before, after, *test, options.examples));
  report.history = training_history(after);
  report.system = measure::describe(measure::system_info(true));
  report.system.emplace_back("Latency", fmt::format("batch 1, {} thread{}", options.threads,
                                                    options.threads == 1 ? "" : "s"));
  report.generated_at = report::current_time();
  return report;
}

std::string comparison_table(const report::Report& report) {
  using report::Align;
  const report::ModelSummary& a = report.models.at(0);
  const report::ModelSummary& b = report.models.at(1);
  report::TextTable table(
      {{""}, {a.name, Align::kRight}, {b.name, Align::kRight}, {"change", Align::kRight}});
  const auto ratio = [](double from, double to, const char* less) {
    return to > 0 ? report::format_ratio(from / to) + " " + less : std::string();
  };
  table.add_row({"top-1", report::format_percent(a.top1), report::format_percent(b.top1),
                 report::format_points(b.top1 - a.top1)});
  table.add_row({"top-5", report::format_percent(a.top5), report::format_percent(b.top5),
                 report::format_points(b.top5 - a.top5)});
  table.add_row(
      {"file", format_bytes(static_cast<double>(a.size_bytes)),
       format_bytes(static_cast<double>(b.size_bytes)),
       ratio(static_cast<double>(a.size_bytes), static_cast<double>(b.size_bytes), "smaller")});
  table.add_row({"latency p50", report::format_ms(a.p50_ms), report::format_ms(b.p50_ms),
                 ratio(a.p50_ms, b.p50_ms, "faster")});
  table.add_row({"latency p99", report::format_ms(a.p99_ms), report::format_ms(b.p99_ms),
                 ratio(a.p99_ms, b.p99_ms, "faster")});
  table.add_row(
      {"activations", format_bytes(static_cast<double>(a.arena_bytes)),
       format_bytes(static_cast<double>(b.arena_bytes)),
       ratio(static_cast<double>(a.arena_bytes), static_cast<double>(b.arena_bytes), "smaller")});
  return table.to_string(report::stdout_is_terminal());
}

nlohmann::json comparison_json(const report::Report& report) {
  nlohmann::json models = nlohmann::json::array();
  for (const report::ModelSummary& m : report.models) {
    models.push_back({{"name", m.name},
                      {"model", m.file},
                      {"top1", m.top1},
                      {"top5", m.top5},
                      {"samples", m.samples},
                      {"size_bytes", m.size_bytes},
                      {"parameters", m.parameters},
                      {"macs", m.macs},
                      {"arena_bytes", m.arena_bytes},
                      {"p50_ms", m.p50_ms},
                      {"p90_ms", m.p90_ms},
                      {"p99_ms", m.p99_ms},
                      {"mean_ms", m.mean_ms}});
  }
  return {{"models", models}};
}

}  // namespace lathe::cli

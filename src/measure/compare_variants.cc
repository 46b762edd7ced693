#include "measure/compare_variants.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "data/encode_image.h"
#include "engine/native.h"
#include "measure/bench.h"
#include "measure/classifier.h"
#include "measure/evaluate.h"
#include "measure/profile.h"

namespace lathe::measure {
namespace {

using Sources = std::span<const VariantSource>;

bool stopped(const CompareVariantsOptions& options) {
  return options.stop_requested && options.stop_requested();
}

std::int64_t count_nodes(const ir::Graph& graph, std::string_view op_type) {
  const auto ids = graph.node_ids();
  return std::count_if(ids.begin(), ids.end(),
                       [&](ir::NodeId id) { return graph.node(id).is(op_type); });
}

// Size, latency and memory of all files.
Status add_speeds(Sources sources, const CompareVariantsOptions& options,
                  VariantComparison& comparison) {
  BenchMatrix matrix{
      .models = {}, .threads = {options.compile.threads}, .options = options.compile};
  for (const VariantSource& source : sources) matrix.models.emplace_back(source.file);
  const BenchReport report = bench(make_rows(matrix), {.seconds = options.seconds,
                                                       .late_remedy = options.late_remedy,
                                                       .stop_requested = options.stop_requested});
  for (const BenchFailure& failure : report.failures)
    return failure.reason.with_context(describe(failure.row));
  if (report.interrupted || report.results.size() < sources.size())
    return error(ErrorCode::kInterrupted, "while latencies were measured");
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const BenchResult& speed = report.results[i];
    Variant& variant = comparison.variants[i];
    variant.size_bytes = speed.size_bytes;
    variant.macs = speed.macs;
    variant.arena_bytes = speed.arena_bytes;
    variant.p50_ms = speed.p50_ms;
    variant.p90_ms = speed.p90_ms;
    variant.p99_ms = speed.p99_ms;
    variant.mean_ms = speed.mean_ms;
    variant.items_per_s = speed.items_per_s;
  }
  return {};
}

Status add_accuracies(Sources sources, const std::shared_ptr<const data::Dataset>& test,
                      const CompareVariantsOptions& options, VariantComparison& comparison) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    EvaluateOptions evaluating;
    evaluating.compile.shapes = options.compile.shapes;
    evaluating.compile.dimensions = options.compile.dimensions;
    evaluating.strict = options.strict;
    evaluating.preprocess = options.preprocess;
    evaluating.stop_requested = options.stop_requested;
    if (options.on_progress) {
      evaluating.on_progress = [&, what = "evaluating " + sources[i].name](auto done, auto total) {
        options.on_progress(what, done, total);
      };
    }
    const auto accuracy = evaluate(*sources[i].graph, test, evaluating);
    if (!accuracy.ok()) return accuracy.error().with_context(sources[i].file);
    // Accuracies on different samples are not to be compared.
    if (accuracy->interrupted)
      return error(ErrorCode::kInterrupted, "while {} was evaluated", sources[i].name);
    Variant& variant = comparison.variants[i];
    variant.top1 = accuracy->top1;
    variant.top5 = accuracy->top5;
    variant.samples = accuracy->samples;
    variant.ranks = accuracy->ranks;
  }
  return {};
}

Status add_layers(Sources sources, const CompareVariantsOptions& options,
                  VariantComparison& comparison) {
  std::vector<const ir::Graph*> graphs;
  for (const VariantSource& source : sources) graphs.push_back(source.graph);
  ProfileOptions profiling;
  profiling.compile = options.compile;
  profiling.stop_requested = options.stop_requested;
  ASSIGN_OR_RETURN(const auto profiles, profile_graphs(graphs, profiling));
  std::map<std::string, std::size_t> index;
  std::vector<LayerTimes>& layers = comparison.layers;
  for (std::size_t variant = 0; variant < profiles.size(); ++variant) {
    for (const engine::StepProfile& step : profiles[variant]) {
      const auto [it, added] = index.emplace(step.name, layers.size());
      if (added) {
        layers.push_back({.name = step.name,
                          .op_type = step.op_type,
                          .macs = static_cast<double>(step.macs),
                          .variants = std::vector<LayerTime>(profiles.size())});
      }
      layers[it->second].variants[variant] = {step.total_ms / static_cast<double>(step.runs),
                                              step.kernel};
    }
  }
  return {};
}

// By the model's label, or the dataset's where it has none.
std::string name_of(const ClassScore& score, const data::Dataset& test) {
  const auto index = static_cast<std::size_t>(score.index);
  const bool known = score.label.empty() && index < test.class_names().size();
  return known ? test.class_names()[index] : score.label;
}

Status add_examples(Sources sources, const data::Dataset& test,
                    const CompareVariantsOptions& options, VariantComparison& comparison) {
  if (!test.is_images()) return {};
  engine::CompileOptions compiling = options.compile;
  compiling.threads = 1;
  std::vector<Classifier> classifiers;
  for (const VariantSource& source : sources) {
    // What takes several samples at once does not classify one.
    if (engine::fixed_batch(*source.graph, compiling).value_or(1) != 1) return {};
    ASSIGN_OR_RETURN(
        Classifier classifier,
        Classifier::create(*source.graph, engine::native_backend(), compiling, options.preprocess));
    classifiers.push_back(std::move(classifier));
  }
  for (std::int64_t i = 0; i < test.size() && comparison.examples.size() < options.examples; ++i) {
    if (stopped(options)) return error(ErrorCode::kInterrupted, "while examples were classified");
    const auto sample = test.get(i);
    if (!sample.ok()) continue;
    Example example{.truth = test.class_names()[static_cast<std::size_t>(sample->label)]};
    ASSIGN_OR_RETURN(example.png, data::encode_png(sample->image));
    for (Classifier& classifier : classifiers) {
      ASSIGN_OR_RETURN(const auto best, classifier.classify(sample->image, 1));
      example.predicted.push_back(name_of(best[0], test));
      example.confidence = static_cast<double>(best[0].probability);
    }
    comparison.examples.push_back(std::move(example));
  }
  return {};
}

}  // namespace

Result<VariantComparison> compare_variants(Sources sources,
                                           const std::shared_ptr<const data::Dataset>& test,
                                           const CompareVariantsOptions& options) {
  VariantComparison comparison;
  for (const VariantSource& source : sources) {
    comparison.variants.push_back(
        {.name = source.name,
         .model = source.file,
         .parameters = ir::parameter_count(*source.graph),
         .batch_normalizations = count_nodes(*source.graph, "BatchNormalization")});
  }
  const std::function<Status()> steps[] = {
      [&] { return add_speeds(sources, options, comparison); },
      [&] { return add_accuracies(sources, test, options, comparison); },
      [&] { return add_layers(sources, options, comparison); },
      [&] { return add_examples(sources, *test, options, comparison); },
  };
  for (const auto& step : steps) {
    const Status done = step();
    // A worker that the signal has reached too may have failed of that.
    const bool interrupted = done.ok() ? false : done.error().code() == ErrorCode::kInterrupted;
    if (interrupted || stopped(options)) {
      comparison.interrupted = true;
      return comparison;
    }
    RETURN_IF_ERROR(done);
  }
  return comparison;
}

nlohmann::json variants_json(std::span<const Variant> variants) {
  nlohmann::json all = nlohmann::json::array();
  for (const Variant& v : variants) {
    nlohmann::json row{{"name", v.name}, {"model", v.model}};
    const std::pair<const char*, double> fractions[] = {
        {"top1", v.top1},     {"top5", v.top5},     {"p50_ms", v.p50_ms},
        {"p90_ms", v.p90_ms}, {"p99_ms", v.p99_ms}, {"mean_ms", v.mean_ms}};
    const std::pair<const char*, std::int64_t> counts[] = {{"samples", v.samples},
                                                           {"size_bytes", v.size_bytes},
                                                           {"parameters", v.parameters},
                                                           {"macs", v.macs},
                                                           {"arena_bytes", v.arena_bytes}};
    for (const auto& [key, value] : fractions) {
      if (std::isfinite(value)) row[key] = value;
    }
    for (const auto& [key, value] : counts) {
      if (value >= 0) row[key] = value;
    }
    const auto change = compare_accuracy(variants[0].ranks, v.ranks);
    if (&v != &variants[0] && change) {
      row["top1_change"] = change->difference;
      row["top1_change_low"] = change->interval.low;
      row["top1_change_high"] = change->interval.high;
    }
    all.push_back(std::move(row));
  }
  return all;
}

}  // namespace lathe::measure

#include <array>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/tensor_inputs.h"
#include "cli/verb.h"
#include "data/loader.h"
#include "formats/model_file.h"
#include "ir/is_quantized.h"
#include "measure/batch_runner.h"
#include "measure/compare_backends.h"
#include "measure/model_preprocess.h"
#include "measure/random_inputs.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::vector<std::string> inputs;
  std::vector<std::string> backends;
  std::string against = "reference";
  DataOptions data;
  CompileFlags compile;
  std::int64_t batch = 32;
  std::int64_t samples = 16;
  std::uint64_t seed = 0;
  double tolerance = 1e-4;
  double agreement = 0.995;
  bool nodes = false;
  OutputOptions output;
};

// What there is to compare, without the evaluators, which others are compared with. Compiled models
// are for few.
std::vector<std::string> others_than(const std::string& against, const ir::Graph& graph) {
  std::vector<std::string> names;
  for (const engine::Backend* backend : engine::available_backends()) {
    const std::string_view name = backend->name();
    if (name == "reference" || name == "lowered" || name == against) continue;
    if (graph.prepared == nullptr || backend->supports(graph).ok()) names.emplace_back(name);
  }
  return names;
}

Result<measure::InputSource> dataset_source(const Call& call, const ir::Graph& graph,
                                            const engine::CompileOptions& options,
                                            std::shared_ptr<const data::Dataset> dataset) {
  ASSIGN_OR_RETURN(const auto given, call.data.parse_preprocess());
  ASSIGN_OR_RETURN(const auto preprocess, measure::resolve_preprocess(graph, *dataset, given));
  if (graph.inputs().size() != 1) {
    return unsupported("the model has {} inputs: give them as .npy files", graph.inputs().size());
  }
  ASSIGN_OR_RETURN(const ir::Graph bound, engine::bind_shapes(graph, options));
  const auto& shape = bound.tensor_type(bound.inputs()[0]).shape;
  if (shape->empty() || (*shape)[0].value() < 1) {
    return unsupported("the model's input is {}, without a batch of samples",
                       bound.tensor_type(bound.inputs()[0]).to_string());
  }
  data::LoaderOptions loading;
  loading.batch_size = (*shape)[0].value();
  loading.strict = call.data.strict;
  loading.cache_bytes = 0;
  auto loader = std::make_shared<data::Loader>(dataset, preprocess, loading);
  loader->start_epoch(0);
  return measure::InputSource(
      [loader, size = loading.batch_size]() -> Result<std::optional<measure::InputBatch>> {
        ASSIGN_OR_RETURN(std::optional<data::Batch> batch, loader->next());
        if (!batch) return std::optional<measure::InputBatch>{};
        measure::InputBatch inputs;
        inputs.rows = batch->inputs.dim(0);
        ASSIGN_OR_RETURN(inputs.inputs.emplace_back(), measure::with_rows(batch->inputs, size));
        return std::optional(std::move(inputs));
      });
}

measure::InputSource single_source(std::vector<ir::Tensor> inputs) {
  return [inputs = std::move(inputs),
          done = false]() mutable -> Result<std::optional<measure::InputBatch>> {
    if (std::exchange(done, true)) return std::optional<measure::InputBatch>{};
    return std::optional(measure::InputBatch{inputs, -1});
  };
}

Result<measure::InputSource> random_source(const Call& call, const ir::Graph& graph,
                                           const engine::CompileOptions& options) {
  ASSIGN_OR_RETURN(const ir::Graph bound, engine::bind_shapes(graph, options));
  return measure::InputSource(
      [infos = engine::describe_values(bound, bound.inputs()), seed = call.seed,
       left = call.samples]() mutable -> Result<std::optional<measure::InputBatch>> {
        if (left-- <= 0) return std::optional<measure::InputBatch>{};
        measure::InputBatch batch;
        ASSIGN_OR_RETURN(batch.inputs, measure::random_inputs(infos, seed++));
        return std::optional(std::move(batch));
      });
}

std::string in_words(double difference) {
  return difference == 0 ? "0" : fmt::format("{:.2e}", difference);
}

nlohmann::json json_number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::json to_json(const measure::ValueDifference& value) {
  const bool compared = value.difference.elements() > 0;
  const auto number = [&](double difference) {
    return compared ? json_number(difference) : nlohmann::json(nullptr);
  };
  nlohmann::json json{{"name", value.name},
                      {"max_absolute", number(value.difference.max_absolute())},
                      {"max_relative", number(value.difference.max_relative())},
                      {"elements", value.difference.elements()}};
  if (value.difference.top1_rows() > 0) {
    json["top1_agreement"] = value.difference.top1_agreement();
    json["rows"] = value.difference.top1_rows();
  }
  if (!value.node.empty()) json["node"] = value.node;
  return json;
}

nlohmann::json to_json(const measure::BackendComparison& comparison,
                       const measure::AgreementRule& rule, const Call& call) {
  nlohmann::json json{{"backend", comparison.backend},
                      {"version", comparison.version},
                      {"agrees", comparison.agrees(rule)},
                      {"notes", comparison.notes},
                      {"outputs", nlohmann::json::array()}};
  if (comparison.failure) json["error"] = comparison.failure->message();
  for (const auto& output : comparison.outputs) json["outputs"].push_back(to_json(output));
  if (!call.nodes) return json;
  json["nodes"] = nlohmann::json::array();
  for (const auto& node : comparison.nodes) json["nodes"].push_back(to_json(node));
  if (comparison.nodes_failure) json["nodes_error"] = comparison.nodes_failure->message();
  const measure::ValueDifference* first = comparison.first_beyond(rule.tolerance);
  json["first_parting"] = first == nullptr ? nlohmann::json(nullptr) : to_json(*first);
  return json;
}

std::string output_table(const measure::BackendComparisons& result,
                         const measure::AgreementRule& rule) {
  using report::Align;
  report::TextTable table({{"backend"},
                           {"version"},
                           {"output", Align::kLeft, 30},
                           {"largest difference", Align::kRight},
                           {"relative", Align::kRight},
                           {"same class", Align::kRight},
                           {""}});
  for (const measure::BackendComparison& comparison : result.backends) {
    if (comparison.failure) {
      table.add_row({comparison.backend, comparison.version, "", "", "", "", "failed"});
      continue;
    }
    for (const measure::ValueDifference& output : comparison.outputs) {
      const auto& d = output.difference;
      table.add_row({comparison.backend, comparison.version, output.name,
                     in_words(d.max_absolute()), in_words(d.max_relative()),
                     d.top1_rows() == 0 ? "" : report::format_percent(d.top1_agreement(), 2),
                     output.agrees(rule) ? "agrees" : "differs"});
    }
  }
  return table.to_string(report::stdout_is_terminal());
}

std::string node_cell(const measure::BackendComparison& comparison, std::size_t i,
                      double tolerance) {
  if (comparison.nodes.empty()) return "not compared";  // verdict() says why
  const measure::ValueDifference& node = comparison.nodes[i];
  return fmt::format("{}{}",
                     node.integer ? fmt::format("{:g} steps", node.difference.max_absolute())
                                  : in_words(node.difference.max_relative()),
                     comparison.first_beyond(tolerance) == &node ? " <" : "");
}

std::string node_table(const measure::BackendComparisons& result, const Call& call) {
  using report::Align;
  std::vector<report::Column> columns{{"node", Align::kLeft, 40}};
  const std::vector<measure::ValueDifference>* nodes = nullptr;
  for (const measure::BackendComparison& comparison : result.backends) {
    columns.push_back({comparison.backend, Align::kRight});
    if (nodes == nullptr && !comparison.nodes.empty()) nodes = &comparison.nodes;
  }
  if (nodes == nullptr) return {};
  report::TextTable table(std::move(columns));
  for (std::size_t i = 0; i < nodes->size(); ++i) {
    std::vector<std::string> row{(*nodes)[i].node};
    for (const measure::BackendComparison& comparison : result.backends)
      row.push_back(node_cell(comparison, i, call.tolerance));
    table.add_row(std::move(row));
  }
  return "\n" + table.to_string(report::stdout_is_terminal());
}

std::string rule_in_words(const measure::AgreementRule& rule) {
  std::string text = fmt::format(
      "Agrees: no difference above {:g} of the largest magnitude, or one step of an integer",
      rule.tolerance);
  if (rule.same_class > 0) {
    text += fmt::format(
        ";\nor, since steps add up in a quantized model, the same class for {:g} % of the samples",
        100 * rule.same_class);
  }
  return text + ".\n";
}

// What is to be said of one backend below the tables; may be empty.
std::string verdict(const measure::BackendComparison& comparison, const std::string& against,
                    const measure::AgreementRule& rule, const Call& call) {
  if (comparison.failure) return comparison.failure->message();
  const bool agrees = comparison.agrees(rule);
  if (!call.nodes) return agrees ? "" : "differs; --nodes shows from which node on";
  const std::string outcome =
      fmt::format("{} {}", agrees ? "agrees with" : "differs from", against);
  if (comparison.nodes_failure) {
    return fmt::format("{}; inner nodes cannot be compared: {}", outcome,
                       comparison.nodes_failure->message());
  }
  const auto* first = comparison.first_beyond(rule.tolerance);
  if (first == nullptr) return outcome + "; no node is beyond the tolerance";
  return fmt::format("{}; beyond the tolerance from node {} on", outcome, first->node);
}

void print_for_people(const measure::BackendComparisons& result, const measure::AgreementRule& rule,
                      const Call& call) {
  print(fmt::format("{} on {} sample{}, against {}\n\n", call.model, result.rows,
                    result.rows == 1 ? "" : "s", result.against));
  print(output_table(result, rule));
  print(rule_in_words(rule));
  if (call.nodes) print(node_table(result, call));
  for (const measure::BackendComparison& comparison : result.backends) {
    const std::string text = verdict(comparison, result.against, rule, call);
    if (!text.empty()) print(fmt::format("{}: {}\n", comparison.backend, text));
  }
}

// What a network in 16-bit floating point may differ by.
constexpr double kHalfTolerance = 0.02;

// Options that belong to another kind of input than the one given.
Status check_options(const Call& call, const Arguments& app) {
  RETURN_IF_ERROR(check_range("--tolerance", call.tolerance, 0, 1e9));
  if (!call.inputs.empty() && !call.data.spec.empty()) {
    return invalid_argument("give .npy inputs or --data, not both");
  }
  const bool random = call.inputs.empty() && call.data.spec.empty();
  const auto refuse = [&](std::initializer_list<const char*> options, const char* why) -> Status {
    for (const char* option : options)
      if (app.count(option) > 0) return invalid_argument("{} has no effect {}", option, why);
    return {};
  };
  if (call.data.spec.empty()) {
    RETURN_IF_ERROR(
        refuse({"--split", "--limit", "--preprocess", "--strict", "--batch"}, "without --data"));
  }
  if (!random) {
    RETURN_IF_ERROR(
        refuse({"--samples", "--seed"}, "where inputs are given: it is for random ones"));
  }
  for (const std::string& name : call.backends) RETURN_IF_ERROR(engine::find_backend(name));
  return {};
}

Status run(Call& call, const Arguments& app) {
  RETURN_IF_ERROR(check_options(call, app));
  measure::CompareOptions options;
  ASSIGN_OR_RETURN(options.compile, call.compile.parse());
  if (options.compile.precision != engine::Precision::kFloat32 && app.count("--tolerance") == 0)
    call.tolerance = kHalfTolerance;
  ASSIGN_OR_RETURN(const ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  options.backends = call.backends.empty() ? others_than(call.against, graph) : call.backends;
  options.against = call.against;
  options.rule = measure::agreement_rule(graph, call.tolerance, call.agreement);
  if (app.count("--agreement") > 0 && options.rule.same_class == 0) {
    return invalid_argument("--agreement has no effect: {} is not quantized", call.model);
  }
  options.inner_nodes = call.nodes;
  options.compile.batch = call.data.spec.empty() ? 1 : call.batch;
  if (app.count("--batch") > 0) RETURN_IF_ERROR(check_batch(graph, options.compile, call.model));
  options.stop_requested = interrupted;
  measure::InputSource source;
  if (!call.inputs.empty()) {
    ASSIGN_OR_RETURN(std::vector<ir::Tensor> inputs, read_tensor_inputs(call.inputs, graph));
    take_extents(inputs, graph, options.compile);
    source = single_source(std::move(inputs));
  } else if (!call.data.spec.empty()) {
    ASSIGN_OR_RETURN(const auto dataset, call.data.open());
    print_data_notes(dataset->origin().notes, call.output.quiet);
    ASSIGN_OR_RETURN(source, dataset_source(call, graph, options.compile, dataset));
    options.on_progress = [report = progress_callback("comparing", call.output.quiet),
                           total = dataset->size()](std::int64_t rows) { report(rows, total); };
  } else {
    ASSIGN_OR_RETURN(source, random_source(call, graph, options.compile));
  }
  const CatchInterrupts catching;
  ASSIGN_OR_RETURN(const measure::BackendComparisons result,
                   measure::compare_backends(graph, source, options).with_context(call.model));
  if (result.interrupted && result.rows == 0) return interruption("nothing was compared");
  bool all_agree = true;
  nlohmann::json backends = nlohmann::json::array();
  for (const measure::BackendComparison& comparison : result.backends) {
    all_agree = all_agree && comparison.agrees(options.rule);
    backends.push_back(to_json(comparison, options.rule, call));
    for (const std::string& note : comparison.notes)
      print_notes(std::array{fmt::format("{}: {}", comparison.backend, note)}, call.output.quiet);
  }
  if (call.output.json) {
    nlohmann::json json{{"model", call.model},
                        {"against", result.against},
                        {"samples", result.rows},
                        {"tolerance", call.tolerance},
                        {"quantized", ir::is_quantized(graph)},
                        {"interrupted", result.interrupted},
                        {"agrees", all_agree},
                        {"backends", backends}};
    if (options.rule.same_class > 0) json["agreement"] = options.rule.same_class;
    print_json(json);
  } else {
    print_for_people(result, options.rule, call);
  }
  if (result.interrupted) {
    return interruption("compared {} sample{}", result.rows, result.rows == 1 ? "" : "s");
  }
  if (!all_agree) return error(ErrorCode::kInvalidData, "not all backends agree");
  return {};
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  app.add_option("INPUT", call->inputs, "Inputs: file.npy or name=file.npy");
  app.add_option("--backends,--backend", call->backends,
                 "Backends, separated by commas; all that are available unless given")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--against", call->against, "The backend whose answers are taken to be right")
      ->capture_default_str();
  call->data.declare(app, false, "test");
  app.add_option("--batch", call->batch, "Samples of --data at a time")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_option("--samples", call->samples,
                 "Random inputs, where neither inputs nor data are given")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_option("--seed", call->seed, "Seed of the random inputs");
  app.add_option(
         "--tolerance", call->tolerance,
         "Largest difference, as a share of the output's largest magnitude; 0.02 in another "
         "--precision than f32")
      ->capture_default_str()
      ->check(kNonNegativeNumber);
  app.add_option("--agreement", call->agreement,
                 "Of a quantized model, the share of samples whose class has to be the same where "
                 "its outputs are beyond the tolerance")
      ->capture_default_str()
      ->check(in_range(0.0, 1.0));
  app.add_flag(
      "--nodes", call->nodes,
      "Compare what each node makes too, on the first batch, and name the first that parts");
  call->compile.declare(app);
  call->output.declare(app);
  return [call, app] { return run(*call, app); };
}

}  // namespace

Verb compare_verb() {
  return {"compare", "Compare the answers of backends, node by node where asked", declare,
          "lathe compare cnn-int8.onnx --data fashion-mnist --nodes"};
}

}  // namespace lathe::cli

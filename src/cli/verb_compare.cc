#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "cli/options.h"
#include "cli/tensor_inputs.h"
#include "cli/verb.h"
#include "data/loader.h"
#include "formats/model_file.h"
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

// What there is to compare, without the reference itself.
std::vector<std::string> available_backends(const std::string& against) {
  std::vector<std::string> names;
  for (const engine::Backend* backend : engine::backends()) {
    if (backend->name() == "reference" || backend->name() == against) continue;
    if (backend->available().available) names.emplace_back(backend->name());
  }
  return names;
}

Result<measure::InputSource> dataset_source(const Call& call, const ir::Graph& graph,
                                            std::shared_ptr<const data::Dataset> dataset) {
  ASSIGN_OR_RETURN(const auto given, call.data.parse_preprocess());
  ASSIGN_OR_RETURN(const auto preprocess, measure::resolve_preprocess(graph, *dataset, given));
  if (graph.inputs().size() != 1) {
    return unsupported("the model has {} inputs: give them as .npy files", graph.inputs().size());
  }
  const auto& shape = graph.value(graph.inputs()[0]).type.shape;
  const bool fixed = shape && !shape->empty() && (*shape)[0].known();
  data::LoaderOptions loading;
  loading.batch_size = fixed ? (*shape)[0].value() : call.batch;
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

bool is_quantized(const ir::Graph& graph) {
  const auto ids = graph.node_ids();
  return std::any_of(ids.begin(), ids.end(), [&](ir::NodeId id) {
    const std::string& type = graph.node(id).op_type;
    return type == "QuantizeLinear" || type.rfind("QLinear", 0) == 0 || type == "QGemm";
  });
}

// Float answers lie within the tolerance; of quantized models, whose answers differ by whole steps,
// the classes may agree instead.
bool agrees(const measure::ValueDifference& output, bool quantized, const Call& call) {
  if (!output.parts(call.tolerance)) return true;
  return quantized && output.difference.top1_rows() > 0 &&
         output.difference.top1_agreement() >= call.agreement;
}

bool agrees(const measure::BackendComparison& comparison, bool quantized, const Call& call) {
  return !comparison.failure &&
         std::all_of(comparison.outputs.begin(), comparison.outputs.end(),
                     [&](const auto& output) { return agrees(output, quantized, call); });
}

std::string in_words(double difference) {
  return difference == 0 ? "0" : fmt::format("{:.2e}", difference);
}

nlohmann::json json_number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::json to_json(const measure::ValueDifference& value) {
  nlohmann::json json{{"name", value.name},
                      {"max_absolute", json_number(value.difference.max_absolute())},
                      {"max_relative", json_number(value.difference.max_relative())},
                      {"elements", value.difference.elements()}};
  if (value.difference.top1_rows() > 0) {
    json["top1_agreement"] = value.difference.top1_agreement();
    json["rows"] = value.difference.top1_rows();
  }
  if (!value.node.empty()) json["node"] = value.node;
  return json;
}

nlohmann::json to_json(const measure::BackendComparison& comparison, bool quantized,
                       const Call& call) {
  nlohmann::json json{{"backend", comparison.backend},
                      {"version", comparison.version},
                      {"agrees", agrees(comparison, quantized, call)},
                      {"notes", comparison.notes},
                      {"outputs", nlohmann::json::array()}};
  if (comparison.failure) json["error"] = comparison.failure->message();
  for (const auto& output : comparison.outputs) json["outputs"].push_back(to_json(output));
  if (!call.nodes) return json;
  json["nodes"] = nlohmann::json::array();
  for (const auto& node : comparison.nodes) json["nodes"].push_back(to_json(node));
  if (comparison.nodes_failure) json["nodes_error"] = comparison.nodes_failure->message();
  const measure::ValueDifference* first = comparison.first_parting(call.tolerance);
  json["first_parting"] = first == nullptr ? nlohmann::json(nullptr) : to_json(*first);
  return json;
}

std::string output_table(const measure::BackendComparisons& result, bool quantized,
                         const Call& call) {
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
                     agrees(output, quantized, call) ? "agrees" : "differs"});
    }
  }
  return table.to_string(report::stdout_is_terminal());
}

std::string node_table(const measure::BackendComparisons& result, const Call& call) {
  using report::Align;
  std::vector<report::Column> columns{{"node", Align::kLeft, 40}};
  std::vector<const measure::BackendComparison*> shown;
  for (const measure::BackendComparison& comparison : result.backends) {
    if (comparison.nodes.empty()) continue;
    shown.push_back(&comparison);
    columns.push_back({comparison.backend, Align::kRight});
  }
  if (shown.empty()) return {};
  report::TextTable table(std::move(columns));
  for (std::size_t i = 0; i < shown[0]->nodes.size(); ++i) {
    std::vector<std::string> row{shown[0]->nodes[i].node};
    for (const auto* comparison : shown) {
      const measure::ValueDifference& node = comparison->nodes[i];
      row.push_back(fmt::format("{}{}",
                                node.integer
                                    ? fmt::format("{:g} steps", node.difference.max_absolute())
                                    : in_words(node.difference.max_relative()),
                                comparison->first_parting(call.tolerance) == &node ? " <" : ""));
    }
    table.add_row(std::move(row));
  }
  return "\n" + table.to_string(report::stdout_is_terminal());
}

void print_for_people(const measure::BackendComparisons& result, bool quantized, const Call& call) {
  print(fmt::format("{} on {} samples, against {}\n\n", call.model, result.rows, result.against));
  print(output_table(result, quantized, call));
  if (call.nodes) print(node_table(result, call));
  for (const measure::BackendComparison& comparison : result.backends) {
    if (comparison.failure) {
      print(fmt::format("{}: {}\n", comparison.backend, comparison.failure->message()));
    } else if (comparison.nodes_failure) {
      print(fmt::format("{}: inner nodes cannot be compared: {}\n", comparison.backend,
                        comparison.nodes_failure->message()));
    } else if (call.nodes) {
      const auto* first = comparison.first_parting(call.tolerance);
      print(first == nullptr
                ? fmt::format("{}: no node parts from {}\n", comparison.backend, result.against)
                : fmt::format("{}: parts from {} at node {}\n", comparison.backend, result.against,
                              first->node));
    } else if (!agrees(comparison, quantized, call)) {
      print(fmt::format("{}: differs; --nodes shows where it parts\n", comparison.backend));
    }
  }
}

Status run(const Call& call) {
  ASSIGN_OR_RETURN(const ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  measure::CompareOptions options;
  options.backends = call.backends.empty() ? available_backends(call.against) : call.backends;
  options.against = call.against;
  options.tolerance = call.tolerance;
  options.inner_nodes = call.nodes;
  ASSIGN_OR_RETURN(options.compile, call.compile.parse());
  options.compile.batch = call.data.spec.empty() ? 1 : call.batch;
  if (!call.inputs.empty() && !call.data.spec.empty()) {
    return invalid_argument("give .npy inputs or --data, not both");
  }
  measure::InputSource source;
  if (!call.inputs.empty()) {
    ASSIGN_OR_RETURN(std::vector<ir::Tensor> inputs, read_tensor_inputs(call.inputs, graph));
    take_extents(inputs, graph, options.compile);
    source = single_source(std::move(inputs));
  } else if (!call.data.spec.empty()) {
    ASSIGN_OR_RETURN(const auto dataset, call.data.open());
    print_data_notes(dataset->origin().notes, call.output.quiet);
    ASSIGN_OR_RETURN(source, dataset_source(call, graph, dataset));
    options.on_progress = [report = progress_callback("comparing", call.output.quiet),
                           batch = options.compile.batch,
                           total = dataset->size()](std::int64_t batches) {
      report(std::min(total, batches * batch), total);
    };
  } else {
    ASSIGN_OR_RETURN(source, random_source(call, graph, options.compile));
  }
  ASSIGN_OR_RETURN(const measure::BackendComparisons result,
                   measure::compare_backends(graph, source, options).with_context(call.model));
  const bool quantized = is_quantized(graph);
  bool all_agree = true;
  nlohmann::json backends = nlohmann::json::array();
  for (const measure::BackendComparison& comparison : result.backends) {
    all_agree = all_agree && agrees(comparison, quantized, call);
    backends.push_back(to_json(comparison, quantized, call));
    print_notes(comparison.notes, call.output.quiet);
  }
  if (call.output.json) {
    print_json({{"model", call.model},
                {"against", result.against},
                {"samples", result.rows},
                {"tolerance", call.tolerance},
                {"quantized", quantized},
                {"agrees", all_agree},
                {"backends", backends}});
  } else {
    print_for_people(result, quantized, call);
  }
  if (!all_agree) return error(ErrorCode::kInvalidData, "not all backends agree");
  return {};
}

std::function<Status()> declare(CLI::App& app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  app.add_option("INPUT", call->inputs, "Inputs: file.npy or name=file.npy");
  app.add_option("--backends,--backend", call->backends,
                 "Backends, separated by commas; all that are available unless given")
      ->delimiter(',');
  app.add_option("--against", call->against, "The backend whose answers are taken to be right")
      ->capture_default_str();
  call->data.declare(app, false, "test");
  app.add_option("--batch", call->batch, "Samples of --data at a time")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--samples", call->samples,
                 "Random inputs, where neither inputs nor data are given")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", call->seed, "Seed of the random inputs");
  app.add_option("--tolerance", call->tolerance,
                 "Largest difference, as a share of the output's largest magnitude")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--agreement", call->agreement,
                 "Of a quantized model, the share of samples whose class has to be the same where "
                 "its outputs are beyond the tolerance")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag(
      "--nodes", call->nodes,
      "Compare what each node makes too, on the first batch, and name the first that parts");
  call->compile.declare(app);
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb compare_verb() {
  return {"compare", "Compare the answers of backends, node by node where asked", declare};
}

}  // namespace lathe::cli

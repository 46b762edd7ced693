#include <CLI/CLI.hpp>
#include <array>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "engine/backend.h"
#include "formats/model_file.h"
#include "ir/print.h"
#include "measure/profile.h"
#include "ops/infer_shapes.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::int64_t batch = 1;
  bool nodes = false;
  bool plan = false;
  bool text = false;
  OutputOptions output;
};

nlohmann::json values_json(const std::vector<engine::TensorInfo>& infos) {
  nlohmann::json list = nlohmann::json::array();
  for (const engine::TensorInfo& info : infos)
    list.push_back({{"name", info.name}, {"type", info.type.to_string()}});
  return list;
}

struct NodeRow {
  std::string name, op, output;
  std::int64_t parameters, macs;
};

std::vector<NodeRow> node_rows(const ir::Graph& graph, const ir::Graph& bound) {
  std::vector<NodeRow> rows;
  for (const ir::NodeId id : bound.node_ids()) {
    const ir::Node& node = bound.node(id);
    std::int64_t parameters = 0;
    for (const ir::ValueId input : node.inputs) {
      const ir::Tensor* tensor = graph.constant(input);
      if (tensor != nullptr && tensor->rank() > 0) parameters += tensor->num_elements();
    }
    rows.push_back({node.name, node.qualified_type(), bound.value(node.output()).type.to_string(),
                    parameters, ops::count_node_macs(bound, id)});
  }
  return rows;
}

std::string summary(const Call& call, const ir::Graph& graph, const nlohmann::json& facts,
                    const std::vector<NodeRow>& rows) {
  std::string text;
  const auto line = [&](std::string_view key, const std::string& value) {
    text += fmt::format("{:<13}{}\n", key, value);
  };
  for (const ir::ValueId id : graph.inputs())
    line("input", graph.value(id).name + "  " + graph.value(id).type.to_string());
  for (const ir::ValueId id : graph.outputs())
    line("output", graph.value(id).name + "  " + graph.value(id).type.to_string());
  const auto number = [&](const char* key) { return facts.at(key).get<double>(); };
  line("parameters", fmt::format("{} ({})", format_count(number("parameters")),
                                 facts.at("parameters").get<std::int64_t>()));
  line("MACs", fmt::format("{} at batch {}", format_count(number("macs")), call.batch));
  line("file", format_bytes(number("size_bytes")));
  line("memory",
       fmt::format("{} of activations in one arena, {} of packed weights",
                   format_bytes(number("arena_bytes")), format_bytes(number("weight_bytes"))));
  line("nodes", fmt::format("{}, opset {}", rows.size(), ir::kCanonicalOpset));
  for (const auto& [key, value] : graph.metadata) {
    line(key, value.size() > 160
                  ? value.substr(0, 160) + fmt::format("... ({} characters)", value.size())
                  : value);
  }
  if (call.nodes) {
    report::TextTable table({{"node", report::Align::kLeft, 32},
                             {"operator"},
                             {"output"},
                             {"constants", report::Align::kRight},
                             {"MACs", report::Align::kRight}});
    for (const NodeRow& row : rows) {
      table.add_row({row.name, row.op, row.output,
                     row.parameters > 0 ? format_count(static_cast<double>(row.parameters)) : "",
                     row.macs > 0 ? format_count(static_cast<double>(row.macs)) : ""});
    }
    text += "\n" + table.to_string(report::stdout_is_terminal());
  }
  return text;
}

// What the native engine will run, with each step's kernel.
Result<std::string> plan_table(const ir::Graph& graph, std::int64_t batch) {
  measure::ProfileOptions options{.runs = 1};
  options.compile.batch = batch;
  const std::array graphs = {&graph};
  ASSIGN_OR_RETURN(const auto profiles, measure::profile_graphs(graphs, options));
  report::TextTable table({{"step", report::Align::kLeft, 32},
                           {"computes"},
                           {"kernel"},
                           {"MACs", report::Align::kRight}});
  for (const engine::StepProfile& step : profiles[0]) {
    const std::string why = step.missing.empty() ? "" : ": " + step.missing;
    table.add_row({step.name, step.op_type, step.kernel + why,
                   step.macs > 0 ? format_count(static_cast<double>(step.macs)) : ""});
  }
  return "\n" + table.to_string(report::stdout_is_terminal());
}

Status run(const Call& call) {
  ASSIGN_OR_RETURN(const ir::Graph graph, formats::load_model(call.model));
  if (call.text) {
    print(ir::to_text(graph));
    return {};
  }
  const engine::CompileOptions compiling{.threads = 1, .batch = call.batch};
  ASSIGN_OR_RETURN(const ir::Graph bound,
                   engine::bind_shapes(graph, compiling).with_context(call.model));
  ASSIGN_OR_RETURN(const engine::Backend* native, engine::find_backend("native"));
  ASSIGN_OR_RETURN(const auto executable,
                   native->compile(graph, compiling).with_context(call.model));
  std::error_code ignored;
  nlohmann::json facts{{"model", call.model},
                       {"parameters", ir::parameter_count(graph)},
                       {"macs", ops::count_macs(bound)},
                       {"batch", call.batch},
                       {"arena_bytes", executable->arena_bytes()},
                       {"weight_bytes", executable->weight_bytes()},
                       {"size_bytes", std::filesystem::file_size(call.model, ignored)},
                       {"opset", ir::kCanonicalOpset},
                       {"inputs", values_json(engine::describe_values(graph, graph.inputs()))},
                       {"outputs", values_json(engine::describe_values(graph, graph.outputs()))},
                       {"metadata", graph.metadata}};
  const std::vector<NodeRow> rows = node_rows(graph, bound);
  if (call.output.json) {
    facts["nodes"] = nlohmann::json::array();
    for (const NodeRow& row : rows) {
      facts["nodes"].push_back({{"name", row.name},
                                {"op", row.op},
                                {"output", row.output},
                                {"constants", row.parameters},
                                {"macs", row.macs}});
    }
    print_json(facts);
    return {};
  }
  print(summary(call, graph, facts, rows));
  if (call.plan) {
    ASSIGN_OR_RETURN(const std::string table, plan_table(graph, call.batch));
    print(table);
  }
  return {};
}

std::function<Status()> declare(CLI::App& app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  app.add_option("--batch", call->batch, "Batch for MACs and memory")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_flag("--nodes", call->nodes, "A table of all nodes");
  app.add_flag("--plan", call->plan, "The steps that the native engine makes of them");
  app.add_flag("--text", call->text, "The whole graph as text, and nothing else");
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb inspect_verb() { return {"inspect", "Show what a model is made of", declare}; }

}  // namespace lathe::cli

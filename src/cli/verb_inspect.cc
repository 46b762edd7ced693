#include <algorithm>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/words.h"
#include "cli/describe.h"
#include "cli/metadata_text.h"
#include "cli/model_facts.h"
#include "cli/options.h"
#include "cli/plan_text.h"
#include "cli/verb.h"
#include "engine/backend.h"
#include "formats/model_file.h"
#include "ir/print.h"
#include "report/format.h"
#include "report/text_table.h"
#include "report/utf8.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::int64_t tile_rows = 0;
  std::int64_t batch = 1;
  bool batch_given = false;
  bool nodes = false;
  bool plan = false;
  bool text = false;
  ShapeFlags shapes;
  OutputOptions output;
};

// A count for a cell of a table: nothing where there is none.
std::string cell(std::int64_t count) {
  return count > 0 ? format_count(static_cast<double>(count)) : std::string();
}

// "21", "16, ai.onnx.ml 3".
std::string opsets_text(const formats::ModelHeader& header) {
  std::vector<std::string> texts;
  for (const auto& [domain, version] : header.opsets) {
    texts.push_back(domain.empty() ? std::to_string(version)
                                   : fmt::format("{} {}", domain, version));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// "20 Conv, 18 Relu, 1 Gemm": the most frequent first.
std::string operators_text(const ModelFacts& facts) {
  std::vector<std::pair<std::string, OperatorFacts>> rows(facts.operators.begin(),
                                                          facts.operators.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second.nodes > b.second.nodes; });
  std::vector<std::string> texts;
  for (const auto& [name, op] : rows) {
    texts.push_back(fmt::format("{} {}{}", op.nodes, name, op.known ? "" : " (unknown)"));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string macs_text(const ModelFacts& facts, std::int64_t batch) {
  const std::string count =
      facts.macs ? format_count(static_cast<double>(*facts.macs)) : "too many to count";
  const std::string text = fmt::format("{} at batch {}", count, batch);
  if (facts.uncounted == 0) return text;
  return fmt::format("{}, without {} that cannot be counted", text,
                     counted(facts.uncounted, "node"));
}

std::string memory_text(const ModelFacts& facts) {
  if (facts.executable == nullptr) return "not known, the native engine cannot run it";
  return fmt::format("{} of activations in one arena, {} of packed weights",
                     format_bytes(static_cast<double>(facts.executable->arena_bytes())),
                     format_bytes(static_cast<double>(facts.executable->weight_bytes())));
}

std::string nodes_table(const ModelFacts& facts) {
  report::TextTable table({{"node", report::Align::kLeft, 32},
                           {"operator"},
                           {"output"},
                           {"constants", report::Align::kRight},
                           {"MACs", report::Align::kRight}});
  for (const NodeFacts& node : facts.nodes) {
    table.add_row({node.name, node.op + (node.known ? "" : " (unknown)"), node.output,
                   cell(node.constants),
                   node.countless ? "too many"
                   : node.macs    ? cell(*node.macs)
                                  : "?"});
  }
  return "\n" + table.to_string(report::stdout_is_terminal());
}

std::string summary(const Call& call, const ir::Graph& graph, const ModelFacts& facts) {
  constexpr std::size_t kColumn = 13;
  constexpr std::size_t kUnlimited = 1 << 20;
  const int columns = report::output_width();
  const std::size_t width = columns > 0 ? static_cast<std::size_t>(columns) : kUnlimited;
  std::string text;
  const auto line = [&](const std::string& key, const std::string& value) {
    text += key + hanging(value, width, kColumn, std::min(key.size(), kColumn - 1)) + "\n";
  };
  const auto value_text = [&](ir::ValueId id) {
    return fmt::format("{}: {}", graph.value(id).name, graph.tensor_type(id).to_string());
  };
  for (const ir::ValueId id : graph.inputs()) line("input", value_text(id));
  for (const ir::ValueId id : graph.outputs()) line("output", value_text(id));
  line("parameters", fmt::format("{} ({})", format_count(static_cast<double>(facts.parameters)),
                                 facts.parameters));
  line("MACs", macs_text(facts, call.batch));
  line("memory", memory_text(facts));
  if (!facts.reason.empty()) line("because", report::visible(facts.reason));
  if (facts.executable != nullptr) {
    for (const std::string& note : facts.executable->notes()) line("note", note);
  }
  std::string nodes = std::to_string(facts.nodes.size());
  if (facts.subgraph_nodes > 0) nodes += fmt::format(", and {} in subgraphs", facts.subgraph_nodes);
  line("nodes", fmt::format("{}: {}", nodes, operators_text(facts)));
  line("file", fmt::format("{}, opset {}{}{}", format_bytes(static_cast<double>(facts.size_bytes)),
                           opsets_text(facts.header), facts.header.producer.empty() ? "" : ", by ",
                           facts.header.producer));
  if (graph.prepared != nullptr) {
    line("compiled",
         fmt::format("from {} by lathe {}, for {}: {} packed", graph.prepared->source,
                     graph.prepared->lathe_version, graph.prepared->isa,
                     counted(static_cast<std::int64_t>(graph.prepared->packed.size()), "weight")));
  }
  for (const MetadataLine& entry : metadata_lines(graph.metadata)) {
    if (entry.key.size() < kColumn) {
      line(entry.key, entry.text);
    } else {
      text += entry.key + ":\n";
      line("", entry.text);
    }
  }
  return text;
}

nlohmann::json values_json(const ir::Graph& graph, std::span<const ir::ValueId> ids) {
  nlohmann::json list = nlohmann::json::array();
  for (const engine::TensorInfo& info : engine::describe_values(graph, ids))
    list.push_back({{"name", info.name}, {"type", info.type.to_string()}});
  return list;
}

nlohmann::json facts_json(const Call& call, const ir::Graph& graph, const ModelFacts& facts) {
  const bool runs = facts.executable != nullptr;
  nlohmann::json json{{"model", call.model},
                      {"parameters", facts.parameters},
                      {"macs", facts.macs ? nlohmann::json(*facts.macs) : nullptr},
                      {"macs_complete", facts.macs && facts.uncounted == 0},
                      {"batch", call.batch},
                      {"arena_bytes", nullptr},
                      {"weight_bytes", nullptr},
                      {"size_bytes", facts.size_bytes},
                      {"runs_natively", runs},
                      {"ir_version", facts.header.ir_version},
                      {"opset", nullptr},
                      {"opsets", nlohmann::json::object()},
                      {"producer", facts.header.producer},
                      {"inputs", values_json(graph, graph.inputs())},
                      {"outputs", values_json(graph, graph.outputs())},
                      {"metadata", metadata_json(graph.metadata)},
                      {"nodes", nlohmann::json::array()},
                      {"operators", nlohmann::json::object()},
                      {"unknown_operators", nlohmann::json::array()}};
  if (runs) {
    json["arena_bytes"] = facts.executable->arena_bytes();
    json["weight_bytes"] = facts.executable->weight_bytes();
    json["notes"] = facts.executable->notes();
  } else {
    json["reason"] = facts.reason;
  }
  for (const auto& [domain, version] : facts.header.opsets) {
    json["opsets"][domain.empty() ? "ai.onnx" : domain] = version;
    if (domain.empty()) json["opset"] = version;
  }
  for (const auto& [name, op] : facts.operators) {
    json["operators"][name] = op.nodes;
    if (!op.known) json["unknown_operators"].push_back(name);
  }
  for (const NodeFacts& node : facts.nodes) {
    json["nodes"].push_back({{"name", node.name},
                             {"op", node.op},
                             {"output", node.output},
                             {"constants", node.constants},
                             {"macs", node.macs ? nlohmann::json(*node.macs) : nullptr}});
  }
  if (graph.prepared != nullptr) {
    json["compiled"] = {{"source", graph.prepared->source},
                        {"lathe", graph.prepared->lathe_version},
                        {"isa", graph.prepared->isa},
                        {"packed", graph.prepared->packed.size()}};
  }
  return json;
}

Status check(const Call& call) {
  if (call.text && (call.nodes || call.plan || call.output.json)) {
    return invalid_argument("--text prints the graph and nothing else: leave out {}",
                            call.output.json ? "--json"
                            : call.nodes     ? "--nodes"
                                             : "--plan");
  }
  return {};
}

// The graph as it is in the file, or with the extents that the call gives.
Status print_graph(const Call& call, const ir::Graph& graph,
                   const engine::CompileOptions& compiling) {
  if (!call.batch_given && !call.shapes.given()) {
    print(ir::to_text(graph));
    return {};
  }
  std::string reason;
  const auto shaped = graph_at(graph, compiling, reason);
  if (!shaped.ok()) return shaped.error().with_context(call.model);
  print(ir::to_text(*shaped));
  return {};
}

Status run(Call& call) {
  RETURN_IF_ERROR(check(call));
  ASSIGN_OR_RETURN(const ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  engine::CompileOptions compiling{.threads = 1, .batch = call.batch};
  compiling.tile_rows = call.tile_rows;
  RETURN_IF_ERROR(call.shapes.add_to(compiling));
  if (call.batch_given) RETURN_IF_ERROR(check_batch(graph, compiling, call.model));
  call.batch = compiling.batch = engine::fixed_batch(graph, compiling).value_or(call.batch);
  if (call.text) return print_graph(call, graph, compiling);
  auto facts = gather_facts(call.model, graph, compiling);
  if (!facts.ok()) return facts.error().with_context(call.model);
  if (call.plan && facts->executable == nullptr)
    return unsupported("{}: --plan: {}", call.model, facts->reason);
  if (call.output.json) {
    nlohmann::json json = facts_json(call, graph, *facts);
    if (call.plan) add_plan_json(*facts->executable, json);
    print_json(json);
    return {};
  }
  print(summary(call, graph, *facts));
  if (call.nodes) print(nodes_table(*facts));
  if (call.plan) print(plan_text(*facts->executable));
  return {};
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  const Option batch =
      app.add_option("--batch", call->batch, "Batch for MACs and memory")->check(kPositiveNumber);
  call->shapes.declare(app);
  app.add_option("--tile", call->tile_rows,
                 "Memory and plan in strips of so many rows of the image")
      ->check(kPositiveNumber);
  app.add_flag("--nodes", call->nodes, "A table of all nodes");
  app.add_flag("--plan", call->plan, "The steps that the native engine makes of them");
  app.add_flag("--text", call->text, "The whole graph as text, and nothing else");
  call->output.declare(app);
  return [call, batch] {
    call->batch_given = batch->count() > 0;
    return run(*call);
  };
}

}  // namespace

Verb inspect_verb() {
  return {"inspect", "Show what a model is made of", declare,
          "lathe inspect cnn.onnx\n"
          "lathe inspect cnn.onnx --nodes --plan"};
}

}  // namespace lathe::cli

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>

#include "base/words.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "cli/tensor_inputs.h"
#include "cli/verb.h"
#include "formats/model_file.h"
#include "formats/onnx/model_header.h"
#include "report/format.h"
#include "report/text_table.h"
#include "shrink/simplify.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::string out;
  std::string out_flag;
  std::vector<std::string> inputs;
  std::vector<std::string> disabled_passes;
  std::int64_t samples = 3;
  std::uint64_t seed = 1;
  std::int64_t threads = 0;
  double tolerance = 1e-4;
  ShapeFlags shapes;
  OpsetFlag opset;
  OutputFiles files;
  OutputOptions output;
};

// Nodes by operator, those of graphs inside nodes too.
using Census = std::map<std::string, std::int64_t>;

void count_nodes(const ir::Graph& graph, Census& census) {
  for (const ir::NodeId id : graph.node_ids()) {
    ++census[graph.node(id).qualified_type()];
    for (const ir::Subgraph* subgraph : ir::subgraphs(graph.node(id)))
      count_nodes(*subgraph->graph, census);
  }
}

std::int64_t total(const Census& census) {
  std::int64_t sum = 0;
  for (const auto& [type, count] : census) sum += count;
  return sum;
}

struct Facts {
  Census before;
  Census after;
  shrink::Simplified simplified;
  std::int64_t opset = 0;  // of the file that is written
};

// The opset of the file, where that can still say the graph.
Result<std::optional<int>> opset_to_write(const Call& call, const ir::Graph& graph, int own) {
  ASSIGN_OR_RETURN(const std::optional<int> wanted, call.opset.parse());
  if (wanted) {
    RETURN_IF_ERROR(formats::check_opset(graph, wanted));
    return wanted;
  }
  return formats::check_opset(graph, own).ok() ? std::optional(own) : std::nullopt;
}

Result<int> own_opset(const std::string& model) {
  ASSIGN_OR_RETURN(const formats::ModelHeader header, formats::read_model_header(model));
  const auto found = header.opsets.find("");
  constexpr std::int64_t kOldest = 7;
  return static_cast<int>(std::clamp<std::int64_t>(
      found == header.opsets.end() ? kOldest : found->second, kOldest, ir::kCanonicalOpset));
}

Result<Facts> simplify(const Call& call) {
  ASSIGN_OR_RETURN(const ir::Graph graph, formats::load_model(call.model));
  ASSIGN_OR_RETURN(const int own, own_opset(call.model));
  ASSIGN_OR_RETURN(const std::optional<int> wanted, call.opset.parse());
  shrink::SimplifyOptions options;
  RETURN_IF_ERROR(call.shapes.add_to(options.extents));
  options.opset = wanted.value_or(own);
  options.disabled_passes = call.disabled_passes;
  options.random_samples = call.samples;
  options.seed = call.seed;
  options.threads = static_cast<int>(call.threads);
  options.tolerance = call.tolerance;
  if (!call.inputs.empty()) {
    ASSIGN_OR_RETURN(std::vector<ir::Tensor> inputs, read_tensor_inputs(call.inputs, graph));
    options.samples.push_back(std::move(inputs));
  }
  Facts facts;
  count_nodes(graph, facts.before);
  auto simplified = shrink::simplify(graph, options);
  if (!simplified.ok()) return simplified.error().with_context(call.model);
  facts.simplified = *std::move(simplified);
  count_nodes(facts.simplified.graph, facts.after);
  ASSIGN_OR_RETURN(const std::optional<int> opset,
                   opset_to_write(call, facts.simplified.graph, own));
  RETURN_IF_ERROR(formats::save_model(facts.simplified.graph, call.out, opset));
  facts.opset = opset.value_or(0);
  return facts;
}

std::string proof_text(const shrink::Simplified& simplified) {
  if (!simplified.unproved.empty()) {
    return fmt::format("not compared with the model: {}; give inputs by --input NAME=FILE.npy\n",
                       simplified.unproved);
  }
  double most = 0;
  for (const shrink::OutputProof& output : simplified.proof)
    most = std::max(most, output.difference.max_relative());
  return fmt::format("compared on {}: {}\n", counted(simplified.samples, "sample"),
                     most == 0
                         ? "the same answers"
                         : fmt::format("answers differ by {:.1g} of their largest at most", most));
}

std::string summary(const Call& call, const Facts& facts) {
  using report::Align;
  report::TextTable table(
      {{"operator", Align::kLeft, 32}, {"before", Align::kRight}, {"after", Align::kRight}});
  Census all = facts.before;
  all.insert(facts.after.begin(), facts.after.end());
  const auto of = [](const Census& census, const std::string& type) {
    const auto found = census.find(type);
    return found == census.end() ? std::int64_t{0} : found->second;
  };
  std::int64_t unchanged = 0;
  for (const auto& [type, count] : all) {
    const std::int64_t before = of(facts.before, type);
    const std::int64_t after = of(facts.after, type);
    unchanged += before == after ? before : 0;
    if (before != after) table.add_row({type, fmt::to_string(before), fmt::to_string(after)});
  }
  std::string text;
  if (unchanged != total(facts.before)) {
    if (unchanged > 0) {
      table.add_row({"others, unchanged", fmt::to_string(unchanged), fmt::to_string(unchanged)});
    }
    table.add_separator();
    table.add_row({"all", fmt::to_string(total(facts.before)), fmt::to_string(total(facts.after))});
    text = table.to_string(report::stdout_is_terminal()) + "\n";
  }
  text += fmt::format("{}: {}\n", call.out,
                      total(facts.before) == total(facts.after)
                          ? fmt::format("{}, none less", counted(total(facts.after), "node"))
                          : fmt::format("{} instead of {}", counted(total(facts.after), "node"),
                                        total(facts.before)));
  return text + proof_text(facts.simplified);
}

nlohmann::json to_json(const Call& call, const Facts& facts) {
  nlohmann::json rules = nlohmann::json::array();
  for (const passes::RuleReport& report : facts.simplified.reports) {
    if (report.fired > 0)
      rules.push_back(
          {{"name", report.name}, {"fired", report.fired}, {"ms", report.milliseconds}});
  }
  nlohmann::json outputs = nlohmann::json::array();
  for (const shrink::OutputProof& output : facts.simplified.proof) {
    outputs.push_back({{"name", output.name},
                       {"max_absolute", output.difference.max_absolute()},
                       {"max_relative", output.difference.max_relative()}});
  }
  nlohmann::json json{{"model", call.out},
                      {"source", call.model},
                      {"nodes_before", total(facts.before)},
                      {"nodes_after", total(facts.after)},
                      {"operators_before", facts.before},
                      {"operators_after", facts.after},
                      {"rules", std::move(rules)},
                      {"samples", facts.simplified.samples},
                      {"outputs", std::move(outputs)}};
  if (!facts.simplified.unproved.empty()) json["unproved"] = facts.simplified.unproved;
  return json;
}

Status run(Call& call) {
  if (call.out.empty()) call.out = call.out_flag;
  if (call.out.empty()) return invalid_argument("give the file to write: lathe simplify MODEL OUT");
  call.files.reads("MODEL", call.model);
  call.files.writes("OUT", call.out, {".onnx"});
  RETURN_IF_ERROR(call.files.check(call.output));
  ASSIGN_OR_RETURN(const Facts facts, simplify(call));
  if (call.output.json) {
    print_json(to_json(call, facts));
  } else {
    call.files.print(summary(call, facts));
  }
  return {};
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model")->required();
  app.add_option("OUT", call->out, "The ONNX file to write");
  app.add_option("-o,--output", call->out_flag, "The same as OUT");
  call->shapes.declare(app);
  call->opset.declare(app);
  app.add_option("--input", call->inputs,
                 "What the answers are compared on: NAME=FILE.npy for each input")
      ->allow_extra_args(false);
  app.add_option("--samples", call->samples, "Random inputs that they are compared on")
      ->check(in_range(0, 1000));
  app.add_option("--seed", call->seed, "Of the random inputs");
  app.add_option("--tolerance", call->tolerance,
                 "How far answers may differ, as a share of their largest magnitude")
      ->check(in_range(0, 1));
  app.add_option("--threads", call->threads, "Of the comparison (default: all cores)")
      ->check(in_range(0, 1024));
  app.add_option("--disable-pass", call->disabled_passes,
                 "Leave out these rewrites, by name, separated by commas")
      ->delimiter(',');
  call->files.declare(app);
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb simplify_verb() {
  return {"simplify", "Make a graph smaller, and prove that its answers stay", declare,
          "lathe simplify detector.onnx detector.small.onnx\n"
          "lathe simplify vit.onnx vit.small.onnx --shape 1x3x224x224 --opset 20"};
}

}  // namespace lathe::cli

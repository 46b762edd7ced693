#include "engine/own_backend.h"

#include <algorithm>

#include "base/suggest.h"
#include "base/words.h"
#include "ops/infer_shapes.h"
#include "passes/passes.h"

namespace lathe::engine {

Status OwnBackend::supports(const ir::Graph& graph) const { return ops::check_operators(graph); }

namespace {

Status check_passes(const CompileOptions& options) {
  std::vector<std::string> known;
  for (const passes::Rule* rule : passes::all_rules()) known.emplace_back(rule->name);
  for (const std::string& name : options.disabled_passes) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return invalid_argument("there is no pass '{}': known are {}{}", name, listed(known, 40),
                              did_you_mean(name, known));
    }
  }
  return {};
}

}  // namespace

Status OwnBackend::check(const ir::Graph& graph, const CompileOptions& options) const {
  RETURN_IF_ERROR(supports(graph));
  RETURN_IF_ERROR(check_passes(options));
  if (graph.prepared != nullptr && !options.disabled_passes.empty()) {
    return invalid_argument(
        "pass '{}' cannot be left out of a compiled model, which has been through all of them: "
        "leave it out when it is compiled",
        options.disabled_passes.front());
  }
  return check_no_providers(*this, options);
}

namespace {

// What is computed in another precision than the graph says.
std::string describe_halves(const ir::Graph& graph) {
  for (const ir::DataType type : {ir::DataType::kFloat16, ir::DataType::kBFloat16}) {
    for (const ir::NodeId id : graph.node_ids()) {
      const ir::ValueId made = graph.node(id).output();
      if (made != ir::kNoValue && graph.tensor_type(made).data_type == type) {
        return fmt::format("{} is computed in float32, and rounded where it leaves the model",
                           ir::data_type_name(type));
      }
    }
  }
  return {};
}

}  // namespace

Result<ir::Graph> OwnBackend::lower(ir::Graph graph, const CompileOptions& options,
                                    std::vector<std::string>& notes) {
  if (std::string halves = describe_halves(graph); !halves.empty())
    notes.push_back(std::move(halves));
  passes::RunOptions run;
  run.disabled.insert(options.disabled_passes.begin(), options.disabled_passes.end());
  std::vector<passes::RuleReport> reports;
  if (options.report_passes) run.reports = &reports;
  ASSIGN_OR_RETURN(ir::Graph lowered,
                   passes::run_phases(std::move(graph), passes::inference_pipeline(), run));
  for (const passes::RuleReport& report : reports) {
    notes.push_back(fmt::format("pass {}: fired {}, {:.2f} ms", report.name,
                                counted(report.fired, "time"), report.milliseconds));
  }
  return lowered;
}

std::vector<TensorInfo> OwnBackend::describe_inputs(const ir::Graph& graph,
                                                    std::span<const ir::TensorType> types) {
  std::vector<TensorInfo> infos = describe_values(graph, graph.inputs());
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i].type = types[i];
  return infos;
}

}  // namespace lathe::engine

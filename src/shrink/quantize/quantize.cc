#include "shrink/quantize/quantize.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/suggest.h"
#include "data/model_history.h"
#include "ir/is_quantized.h"
#include "passes/passes.h"
#include "shrink/quantize/quantization_points.h"

namespace lathe::shrink {
namespace {

using ir::Graph;
using ir::ValueId;

Status check_float(const Graph& graph) {
  std::vector<std::string> nodes;
  for (const ir::NodeId id : graph.node_ids()) {
    if (ir::is_quantized(graph.node(id))) nodes.push_back(ir::describe_node(graph, id));
  }
  if (nodes.empty()) return {};
  constexpr std::size_t kShown = 3;
  const std::size_t shown = std::min(nodes.size(), kShown);
  std::string list = fmt::format("{}", fmt::join(nodes.begin(), nodes.begin() + shown, ", "));
  if (nodes.size() > shown) list += fmt::format(" and {} more", nodes.size() - shown);
  return unsupported(
      "the model is quantized already: it has {}; quantize the float32 model that it was made from",
      list);
}

Status check_excluded(const Graph& graph, const std::vector<std::string>& excluded) {
  if (excluded.empty()) return {};
  std::vector<std::string> names;
  for (const ir::NodeId id : plan_quantization(graph, {}).layers)
    names.push_back(layer_name(graph, graph.node(id)));
  for (const std::string& name : excluded) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string nearest = did_you_mean(name, names);
    return invalid_argument(
        "--exclude: the model has no Conv or Gemm '{}' that could be quantized{}", name,
        nearest.empty() ? "; `lathe inspect MODEL --nodes` lists its nodes" : nearest);
  }
  return {};
}

}  // namespace

Result<Quantized> quantize(const Graph& graph, std::shared_ptr<const data::Dataset> dataset,
                           const QuantizeOptions& options) {
  RETURN_IF_ERROR(check_float(graph));
  RETURN_IF_ERROR(data::read_history_steps(graph.metadata));
  ASSIGN_OR_RETURN(const Graph simplified, passes::run_phases(graph, passes::simplify_pipeline()));
  RETURN_IF_ERROR(check_excluded(simplified, options.excluded));
  const QuantizationPlan plan = plan_quantization(simplified, options.excluded);
  if (plan.layers.empty() && !options.excluded.empty())
    return invalid_argument("--exclude: names every layer that could be quantized");
  if (plan.layers.empty())
    return unsupported("the model has no Conv or Gemm with constant float32 weights to quantize");
  std::vector<ValueId> observed;
  for (const QuantizationPoint& point : plan.points) {
    if (point.value == point.range_of) observed.push_back(point.value);
  }
  ASSIGN_OR_RETURN(const Calibration calibration,
                   calibrate(simplified, observed, std::move(dataset), options.calibration));
  ASSIGN_OR_RETURN(Graph quantized, insert_quantization(simplified, plan, calibration.ranges));
  const nlohmann::json step{
      {"step", "quantize"}, {"method", "static int8"}, {"samples", calibration.samples.seen}};
  RETURN_IF_ERROR(data::append_history_step(step, quantized.metadata));
  return Quantized{std::move(quantized), calibration.samples};
}

}  // namespace lathe::shrink

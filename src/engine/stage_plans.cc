#include "engine/stage_plans.h"

#include <algorithm>
#include <map>

#include "engine/program.h"

namespace lathe::engine {
namespace {

using KnownTypes = std::map<ir::ValueId, ir::TensorType>;

StagePlan plan_region(const RegionStage& stage, KnownTypes& known) {
  StagePlan planned;
  const auto declared = stage.region->inputs();
  planned.inputs.assign(declared.begin(), declared.end());
  for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
    const auto type = known.find(stage.inputs[i]);
    if (type != known.end()) planned.inputs[i] = type->second;
  }
  if (!are_closed(planned.inputs)) return planned;
  auto plan = stage.region->plan(planned.inputs);
  if (!plan.ok()) {
    planned.failure = plan.error().message();
    return planned;
  }
  planned.plan = *std::move(plan);
  for (std::size_t i = 0; i < stage.outputs.size(); ++i)
    known[stage.outputs[i]] = planned.plan->output_infos[i].type;
  return planned;
}

// What a graph inside a node captures comes behind its inputs, which differ from run to run.
std::vector<ir::TensorType> types_for_body(const Program& body,
                                           std::span<const ir::ValueId> captures,
                                           const KnownTypes& known) {
  std::vector<ir::TensorType> types(body.inputs().size());
  const std::size_t first = types.size() - std::min(types.size(), captures.size());
  for (std::size_t i = 0; i < captures.size() && first + i < types.size(); ++i) {
    const auto type = known.find(captures[i]);
    if (type != known.end()) types[first + i] = type->second;
  }
  return types;
}

StagePlan plan_node(const NodeStage& stage, const KnownTypes& known) {
  StagePlan planned;
  planned.node = &stage;
  for (const auto& [attribute, body] : stage.bodies) {
    const auto& subgraph = std::get<ir::Subgraph>(stage.node.attributes.at(attribute));
    planned.bodies.push_back(
        {attribute, plan_stages(*body, types_for_body(*body, subgraph.captures, known))});
  }
  return planned;
}

}  // namespace

std::vector<StagePlan> plan_stages(const Program& program, std::span<const ir::TensorType> inputs) {
  KnownTypes known;
  for (std::size_t i = 0; i < std::min(inputs.size(), program.inputs().size()); ++i)
    if (is_closed(inputs[i])) known[program.inputs()[i]] = inputs[i];
  for (const auto& [id, constant] : program.constants()) known[id] = constant.type();
  std::vector<StagePlan> plans;
  for (const Stage& stage : program.stages()) {
    if (const auto* region = std::get_if<RegionStage>(&stage)) {
      plans.push_back(plan_region(*region, known));
    } else {
      plans.push_back(plan_node(std::get<NodeStage>(stage), known));
    }
  }
  return plans;
}

}  // namespace lathe::engine

// What a program will do, stage by stage, as far as that can be told before it runs.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan.h"
#include "ir/graph.h"

namespace lathe::engine {

class Program;
struct NodeStage;
struct StagePlan;

struct BodyPlans {
  std::string attribute;  // of the node: "body", "then_branch"
  std::vector<StagePlan> stages;
};

// A region, or a single node.
struct StagePlan {
  // Of a region where the extents of all that it reads are known; others are planned at run time,
  // for the shapes that they then meet.
  std::shared_ptr<const Plan> plan;
  std::string failure;                 // why there is none although they are known
  std::vector<ir::TensorType> inputs;  // what a region reads
  const NodeStage* node = nullptr;     // null for a region; lives as long as the program
  std::vector<BodyPlans> bodies;       // the graphs that the node runs
};

// `inputs`: the types of the program's inputs, as far as they are known.
std::vector<StagePlan> plan_stages(const Program& program, std::span<const ir::TensorType> inputs);

}  // namespace lathe::engine

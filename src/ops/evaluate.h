// The reference evaluator: slow, plain, and the meaning of every graph.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "ops/op_def.h"

namespace lathe::ops {

// Called with each node's outputs as they are made.
using EvaluateObserver = std::function<void(ir::NodeId, std::span<const ir::Tensor>)>;

// Runs the graph on inputs in the order of graph.inputs() and returns the outputs in the order of
// graph.outputs(). Inputs must have the declared types, and extents that agree with the declared
// shapes and symbols. Tensors are freed after their last use. Thread-safe.
Result<std::vector<ir::Tensor>> evaluate(const ir::Graph& graph, std::span<const ir::Tensor> inputs,
                                         const EvaluateObserver& observer = {});

// Evaluates one node on given tensors (absent ones undefined).
Result<std::vector<ir::Tensor>> evaluate_node(const ir::Node& node,
                                              std::span<const ir::Tensor> inputs);

}  // namespace lathe::ops

// The reference evaluator: slow, plain, and the meaning of every graph.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "ops/op_def.h"

namespace lathe::ops {

// Called with each node's outputs as they are made; not for nodes of graphs inside nodes.
using EvaluateObserver = std::function<void(ir::NodeId, std::span<const ir::Datum>)>;

// Runs the graph on inputs in the order of graph.inputs() and returns the outputs in the order of
// graph.outputs(). Inputs must have the declared types, and extents that agree with the declared
// shapes and symbols. `captures` are what the graph inside a node reads of the graph around it, in
// the order of graph.captures(). Values are freed after their last use. Thread-safe.
Result<std::vector<ir::Datum>> evaluate_values(const ir::Graph& graph,
                                               std::span<const ir::Datum> inputs,
                                               std::span<const ir::Datum> captures = {},
                                               const EvaluateObserver& observer = {});

// The same for a graph whose inputs and outputs are tensors.
Result<std::vector<ir::Tensor>> evaluate(const ir::Graph& graph, std::span<const ir::Tensor> inputs,
                                         const EvaluateObserver& observer = {});

// Evaluates one node on given values (absent ones undefined); `captures` are what its subgraphs
// capture, one after the other.
Result<Values> evaluate_node(const ir::Node& node, std::span<const ir::Datum> inputs,
                             std::span<const ir::Datum> captures = {});
// Evaluates a node that runs graphs (If, Loop), whose types have been inferred, and leaves those to
// `run`.
Result<Values> run_node(const ir::Node& node, std::span<const ir::Datum> inputs,
                        std::span<const ir::Datum> captures, const RunSubgraph& run);
// The same as evaluate_node of tensors alone. An output that is none is an error.
Result<std::vector<ir::Tensor>> evaluate_node(const ir::Node& node,
                                              std::span<const ir::Tensor> inputs);

}  // namespace lathe::ops

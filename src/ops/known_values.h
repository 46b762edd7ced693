// What is known of the elements of values before a run: of constants, and of what shape arithmetic
// makes of constants and extents (Shape, Gather, Concat and what else exporters write before a
// Reshape).
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "ir/graph.h"
#include "ops/symbolic.h"

namespace lathe::ops {

// Of one graph whose types are known as far as it is asked about. Looks for an answer when asked,
// back from the value to what it is computed from, and keeps it. Refers to the graph.
class KnownValues {
 public:
  explicit KnownValues(const ir::Graph& graph) : graph_(graph) {}
  // Of the graph inside a node: its captures stand for these values of the graph around it.
  KnownValues(const ir::Graph& graph, KnownValues& outer, std::span<const ir::ValueId> captured);

  // An initializer, or a small tensor whose elements are all known. Null where there is none.
  const ir::Tensor* constant(ir::ValueId id);
  // The elements of a small tensor of whole numbers, as far as they are known; or null.
  const SymbolicTensor* symbolic(ir::ValueId id);

 private:
  struct Known {
    std::optional<ir::Tensor> tensor;
    std::optional<SymbolicTensor> symbols;
  };
  const Known& find(ir::ValueId id);
  void compute(const ir::Node& node, Known& known);

  const ir::Graph& graph_;
  KnownValues* outer_ = nullptr;
  std::unordered_map<ir::ValueId, ir::ValueId> captured_;  // to values of the graph around
  std::unordered_map<ir::ValueId, Known> known_;
  int depth_ = 0;
};

// Replaces nodes whose results are known by constants, and drops those that nothing reads any more.
// Ids stay as they are.
Status fold_known_values(ir::Graph& graph);

}  // namespace lathe::ops

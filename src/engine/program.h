// A model made ready to run: regions, whose shapes follow from those of their inputs, and between
// them single nodes of which only a run can tell what they make.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/cpu.h"
#include "engine/region.h"
#include "ir/graph.h"

namespace lathe::engine {

class Program;

// Computes values from values, all of the graph that the program was made of.
struct RegionStage {
  std::unique_ptr<Region> region;
  std::vector<ir::ValueId> inputs;
  std::vector<ir::ValueId> outputs;
};

// A node whose outputs have extents that depend on values (NonZero), that runs graphs (If, Loop),
// or that makes or reads what is no tensor.
struct NodeStage {
  ir::Node node;
  std::string place;                  // for errors
  std::vector<ir::ValueId> captures;  // of its graphs, one after the other
  std::map<std::string, std::shared_ptr<const Program>, std::less<>> bodies;  // by attribute
};

using Stage = std::variant<RegionStage, NodeStage>;

// Immutable but for the plans that its regions make. Thread-safe.
class Program {
 public:
  // The graph has been through the passes. Errors name the node or value that cannot be had.
  static Result<std::shared_ptr<const Program>> build(ir::Graph lowered, const Planning& planning);

  [[nodiscard]] std::span<const Stage> stages() const { return stages_; }
  // What each run brings: inputs, and behind them what the graph captures.
  [[nodiscard]] std::span<const ir::ValueId> inputs() const { return inputs_; }
  [[nodiscard]] std::span<const ir::ValueId> outputs() const { return outputs_; }
  [[nodiscard]] std::size_t value_count() const { return value_count_; }
  // Of those that nodes read and those that are outputs, by value.
  [[nodiscard]] const std::map<ir::ValueId, ir::Tensor>& constants() const { return constants_; }
  // The values that nothing reads behind a stage.
  [[nodiscard]] std::span<const ir::ValueId> released_after(std::size_t stage) const {
    return released_[stage];
  }
  // The region, where it computes all outputs from all inputs; or null.
  [[nodiscard]] const Region* only_region() const;
  // All that there are, those of graphs inside too, in an order that the graph decides.
  [[nodiscard]] std::vector<const Region*> regions() const;
  // Packed so far, and as they are; with those of graphs inside.
  [[nodiscard]] std::size_t weight_bytes() const;
  // "2 nodes are evaluated one by one, ..."; empty where there are none.
  [[nodiscard]] std::string describe_nodes() const;

 private:
  friend class ProgramBuilder;
  std::vector<Stage> stages_;
  std::vector<ir::ValueId> inputs_;
  std::vector<ir::ValueId> outputs_;
  std::map<ir::ValueId, ir::Tensor> constants_;
  std::vector<std::vector<ir::ValueId>> released_;
  std::size_t value_count_ = 0;
};

}  // namespace lathe::engine

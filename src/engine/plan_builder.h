// Turns a lowered graph of known shapes into a Plan, one node after another.
#pragma once

#include <utility>
#include <vector>

#include "base/cpu.h"
#include "engine/packed_weights.h"
#include "engine/plan.h"
#include "ir/graph.h"
#include "ops/fused.h"
#include "passes/convert_layouts.h"

namespace lathe::engine {

// Puts conversions of layout into the graph and plans it. Errors name the node or value that is too
// large or cannot be held.
Result<Plan> build_plan(ir::Graph lowered, Isa isa, int threads, PackedWeights& weights);

class PlanBuilder {
 public:
  // The graph's shapes are inferred and fully known, its layouts those that choose_layouts() asks
  // for.
  PlanBuilder(passes::ConvertedGraph converted, Isa isa, int threads, PackedWeights& weights);

  Result<Plan> build();

  // For lowerings (engine/lower/).
  [[nodiscard]] const ir::Graph& graph() const { return graph_; }
  [[nodiscard]] Isa isa() const { return isa_; }
  [[nodiscard]] const std::vector<std::int64_t>& dims(ir::ValueId value) const;
  // A graph input's, or of what a node makes, in the layout that the graph has it in.
  [[nodiscard]] Layout layout(ir::ValueId value) const {
    return layouts_.at(static_cast<std::size_t>(value));
  }
  // Where the value lies. It has been made, or is a constant.
  SlotId slot(ir::ValueId value);
  // A new slot that the next step will fill.
  SlotId define(ir::ValueId value);
  // `value` has the same bytes as `slot`.
  void alias(ir::ValueId value, SlotId slot);
  // Adds a step for the problem: the best kernel, on these slots. `key` says what its weights
  // depend on but for the kernel, and `weights()` gives them; without, there are none.
  void add_step(const ops::FusedOperator& op, kernels::Problem problem, std::vector<SlotId> inputs,
                SlotId output);
  template <typename MakeWeights>
  void add_step(const ops::FusedOperator& op, kernels::Problem problem, std::vector<SlotId> inputs,
                SlotId output, PackingKey key, const MakeWeights& weights) {
    key.kernel = kernels::best_kernel(problem, isa_);
    const WeightsId packed = weights_.find_or_pack(key, problem, weights);
    release(key.constants);
    add_step(op, std::move(problem), std::move(inputs), output);
    plan_.steps.back().weights = packed;
  }

 private:
  // Drops the elements of constants that nothing but the node just packed reads.
  void release(std::span<const ir::ValueId> constants);
  // A step with the node's name and type filled in.
  [[nodiscard]] Step step_for(const ops::FusedOperator& op) const;
  // Runs the node in the reference evaluator.
  void lower_by_reference(ir::NodeId id);
  SlotId new_slot(StorageId storage, ir::ValueId value);
  StorageId new_storage(Storage storage);
  void plan_arena();

  ir::Graph graph_;
  const std::vector<Layout> layouts_;  // by value
  Isa isa_;
  int threads_;
  PackedWeights& weights_;
  Plan plan_;
  std::vector<std::vector<std::int64_t>> dims_;  // by value
  std::vector<SlotId> slots_;                    // by value; -1 where there is none yet
};

}  // namespace lathe::engine

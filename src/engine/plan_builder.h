// Turns a lowered graph of known shapes into a Plan, one node after another.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "engine/packed_weights.h"
#include "engine/plan.h"
#include "engine/tuner.h"
#include "ir/graph.h"
#include "ops/fused.h"
#include "passes/convert_layouts.h"

namespace lathe::engine {

struct PlanOptions {
  Isa isa;
  int threads;   // that scratch memory is for
  Tuner* tuner;  // null: kernels are those expected to be the fastest
  PackedWeights* weights;
  ThreadPool* packers;  // what weights are packed by
  // What plans that share the weights may differ in: kernels that read them are chosen without
  // regard to that.
  kernels::Extents open = kernels::Extents::kNone;
  // What the graph is a copy of, or null: gives up the same constants as the graph when they are
  // packed.
  ir::Graph* origin = nullptr;
  Precision precision = Precision::kFloat32;
};

// Puts conversions of layout into the graph, whose extents are all known, and plans it. Errors name
// the node or value that is too large or cannot be held.
Result<Plan> build_plan(ir::Graph lowered, const PlanOptions& options);

// Says where in the arena everything lies, and how large it is.
void place_in_arena(Plan& plan);

class PlanBuilder {
 public:
  // The graph's shapes are inferred and fully known, its layouts those that choose_layouts() asks
  // for.
  PlanBuilder(passes::ConvertedGraph converted, const PlanOptions& options);

  Result<Plan> build();

  // For lowerings (engine/lower/).
  [[nodiscard]] const ir::Graph& graph() const { return graph_; }
  [[nodiscard]] const std::vector<std::int64_t>& dims(ir::ValueId value) const;
  // A graph input's, or of what a node makes, in the layout that the graph has it in.
  [[nodiscard]] Layout layout(ir::ValueId value) const {
    return layouts_.at(static_cast<std::size_t>(value));
  }
  // Where the value lies. It has been made, or is a constant.
  SlotId slot(ir::ValueId value);
  // A new slot that the next step will fill.
  SlotId define(ir::ValueId value);
  // A new slot that the next step will fill and one of the same node reads: a value of another type
  // with the extents and the layout of `like`.
  SlotId define_between(ir::ValueId like, ir::DataType type);
  // `value` has the same bytes as `slot`.
  void alias(ir::ValueId value, SlotId slot);
  // What a choice for a problem with weights is to look at: see PlanOptions::open.
  [[nodiscard]] kernels::Problem typical(const ops::FusedOperator& op,
                                         kernels::Problem problem) const;
  // Null where nothing is measured.
  [[nodiscard]] Tuner* tuner() const { return options_.tuner; }
  // Adds a step for the problem: the best kernel, on these slots. `key` says what its weights
  // depend on but for the kernel, and `weights()` gives them; without, there are none. Large
  // weights, the first of the key's constants, are released.
  void add_step(const ops::FusedOperator& op, kernels::Problem problem, std::vector<SlotId> inputs,
                SlotId output);
  template <typename MakeWeights>
  void add_step(const ops::FusedOperator& op, kernels::Problem problem, std::vector<SlotId> inputs,
                SlotId output, PackingKey key, const MakeWeights& weights) {
    key.kernel = choose(typical(op, problem));
    WeightsId packed = kNoWeights;
    if (graph_.constant(key.constants.front())->has_elements()) {
      auto found = options_.weights->find_or_pack(key, problem, weights, *options_.packers);
      if (!found.ok()) return fail(found.error());
      packed = *found;
      release(key.constants.front());
    } else {
      packed = find_packed(op, key, problem);
    }
    add_step(op, key.kernel, std::move(problem), std::move(inputs), output);
    plan_.steps.back().weights = packed;
  }

 private:
  [[nodiscard]] KernelId choose(const kernels::Problem& problem) const {
    return options_.tuner == nullptr ? kernels::best_kernel(problem, options_.isa)
                                     : options_.tuner->best(problem);
  }
  void add_step(const ops::FusedOperator& op, KernelId kernel, kernels::Problem problem,
                std::vector<SlotId> inputs, SlotId output);
  // A node has packed a constant: drops its elements where all of its readers have.
  void release(ir::ValueId constant);
  // The packing of weights that have been released; fails where there is none.
  WeightsId find_packed(const ops::FusedOperator& op, PackingKey& key,
                        const kernels::Problem& problem);
  // The first failure is what build() returns.
  void fail(const Error& error);
  // A step with the node's name and type filled in.
  [[nodiscard]] Step step_for(const ops::FusedOperator& op) const;
  bool makes_nothing(ir::NodeId id);
  // Runs the node in the reference evaluator.
  void lower_by_reference(ir::NodeId id);
  SlotId new_slot(StorageId storage, ir::ValueId value);
  StorageId new_storage(Storage storage);
  void write_outputs_in_place();
  void overwrite_operands();

  ir::Graph graph_;
  const std::vector<Layout> layouts_;  // by value
  PlanOptions options_;
  Plan plan_;
  Status status_;
  std::vector<std::vector<std::int64_t>> dims_;  // by value
  std::vector<SlotId> slots_;                    // by value; -1 where there is none yet
  std::map<ir::ValueId, std::size_t> packed_readers_;
};

}  // namespace lathe::engine

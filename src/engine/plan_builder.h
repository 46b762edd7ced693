// Turns a bound graph into a Plan, one node after another.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "engine/plan.h"
#include "ir/graph.h"
#include "kernels/clamp_f32.h"

namespace lathe::engine {

class PlanBuilder {
 public:
  // The graph must outlive the builder; its shapes are inferred and fully known.
  PlanBuilder(const ir::Graph& graph, Isa isa, int threads);

  Result<Plan> build();

  // For lowerings (engine/lower/).
  [[nodiscard]] const ir::Graph& graph() const { return graph_; }
  [[nodiscard]] Isa isa() const { return isa_; }
  [[nodiscard]] int threads() const { return threads_; }
  [[nodiscard]] const std::vector<std::int64_t>& dims(ir::ValueId value) const;

  // The layout that a value was made in, or row-major for inputs and constants.
  [[nodiscard]] Layout layout(ir::ValueId value) const;
  // Whether the value exists by now.
  [[nodiscard]] bool is_made(ir::ValueId value) const;
  // The value in that layout; adds a conversion step where it exists in the other one only.
  SlotId slot(ir::ValueId value, Layout layout);
  // A new slot that the next step will fill.
  SlotId define(ir::ValueId value, Layout layout);
  // `value` has the same bytes as `slot`, which is row-major or the same in both layouts.
  void alias(ir::ValueId value, SlotId slot);
  void add_step(Step step) { plan_.steps.push_back(std::move(step)); }
  // A step with the node's name and type filled in.
  [[nodiscard]] Step step_for(const ir::Node& node) const;

  // Follows the only reader of `value`: a residual addition whose other operand is made already (if
  // `allow_residual`), then a Relu or a Clip with constant bounds. Marks them as done.
  struct Epilogue {
    ir::ValueId residual = ir::kNoValue;
    kernels::ClampF32 clamp;
    ir::ValueId output;     // what the fused step makes
    std::string op_suffix;  // "+Add+Relu"
  };
  Epilogue fuse_epilogue(ir::ValueId value, bool allow_residual);

 private:
  [[nodiscard]] Status check_size(ir::ValueId value) const;
  // Runs the node in the reference evaluator.
  Status lower_by_reference(ir::NodeId id);
  SlotId new_slot(StorageId storage, ir::ValueId value, Layout layout);
  StorageId new_storage(Storage storage);
  SlotId convert(SlotId from, ir::ValueId value, Layout layout);
  void plan_arena();

  const ir::Graph& graph_;
  Isa isa_;
  int threads_;
  Plan plan_;
  std::vector<std::vector<ir::NodeId>> consumers_;
  std::vector<std::vector<std::int64_t>> dims_;  // by value
  std::vector<bool> done_;                       // nodes that a fused step has computed
  std::map<std::pair<ir::ValueId, Layout>, SlotId> slots_;
  std::map<ir::ValueId, Layout> made_in_;
};

// Whether both layouts of such a tensor are the same bytes.
bool layouts_coincide(const std::vector<std::int64_t>& dims);

}  // namespace lathe::engine

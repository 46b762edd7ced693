#include "engine/region.h"

#include <algorithm>

#include "engine/plan_builder.h"
#include "ops/known_values.h"
#include "passes/tile_rows.h"

namespace lathe::engine {
namespace {

bool is_for(const Plan& plan, std::span<const ir::TensorType> inputs) {
  return std::equal(
      inputs.begin(), inputs.end(), plan.input_infos.begin(), plan.input_infos.end(),
      [](const ir::TensorType& type, const TensorInfo& info) { return type == info.type; });
}

}  // namespace

Region::Region(ir::Graph lowered, const Planning& planning)
    : planning_(planning), graph_(std::move(lowered)) {
  for (const ir::ValueId id : graph_.inputs()) inputs_.push_back(graph_.tensor_type(id));
  open_ = !are_closed(inputs_);
}

kernels::Extents Region::open_extents() const {
  if (planning_.tile_rows > 0) return kernels::Extents::kAll;
  auto open = kernels::Extents::kNone;
  for (const ir::TensorType& type : inputs_) {
    if (!type.shape) return kernels::Extents::kAll;
    for (std::size_t i = 0; i < type.shape->size(); ++i) {
      if (type.shape->at(i).known()) continue;
      if (i > 0) return kernels::Extents::kAll;
      open = kernels::Extents::kBatch;
    }
  }
  return open;
}

Result<std::shared_ptr<const Plan>> Region::plan(std::span<const ir::TensorType> inputs) const {
  const std::lock_guard lock(mutex_);
  const auto made = std::find_if(plans_.begin(), plans_.end(),
                                 [&](const auto& plan) { return is_for(*plan, inputs); });
  if (made != plans_.end()) {
    std::rotate(plans_.begin(), made, made + 1);
    return plans_.front();
  }
  if (failed_) return *failed_;
  // What uses up the graph cannot be tried again, by whatever it ends.
  if (!open_) failed_ = Error(ErrorCode::kResourceExhausted, "planning ended for want of memory");
  auto made_now = make_plan(inputs);
  if (!made_now.ok()) {
    if (!open_) failed_ = made_now.error();
    return made_now.error();
  }
  failed_.reset();
  std::shared_ptr<const Plan> plan = *std::move(made_now);
  if (plans_.size() == kMostPlans) plans_.pop_back();
  plans_.insert(plans_.begin(), plan);
  return plan;
}

Result<std::shared_ptr<const Plan>> Region::make_plan(
    std::span<const ir::TensorType> inputs) const {
  // Weights are packed for the first plan, all but some.
  ThreadPool packers(plans_.empty() && weights_.bytes() == 0 ? planning_.threads : 1);
  const PlanOptions options{
      planning_.isa, planning_.threads, planning_.tuner.get(),     &weights_,
      &packers,      open_extents(),    open_ ? &graph_ : nullptr, planning_.precision};
  ir::Graph graph = open_ ? graph_ : std::move(graph_);
  if (open_) RETURN_IF_ERROR(set_inputs(graph, inputs));
  RETURN_IF_ERROR(ops::fold_known_values(graph));
  std::optional<Plan> tiled;
  if (planning_.tile_rows > 0) {
    ASSIGN_OR_RETURN(ir::Graph strips, passes::tile_rows(graph, planning_.tile_rows));
    ASSIGN_OR_RETURN(tiled, build_plan(std::move(strips), options));
  }
  ASSIGN_OR_RETURN(Plan plan, build_plan(std::move(graph), options));
  if (tiled && tiled->arena_bytes < plan.arena_bytes) {
    tiled->whole_arena_bytes = plan.arena_bytes;
    plan = *std::move(tiled);
  }
  return std::make_shared<const Plan>(std::move(plan));
}

}  // namespace lathe::engine

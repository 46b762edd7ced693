// What executes a plan: one loop over its steps.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "engine/packed_weights.h"
#include "engine/plan.h"

namespace lathe::engine {

// A plan and where its operands lie. For one caller at a time.
class PlanRunner {
 public:
  // The weights outlive the runner.
  PlanRunner(std::shared_ptr<const Plan> plan, const PackedWeights& weights);

  [[nodiscard]] const Plan& plan() const { return *plan_; }

  // Memory that belongs to the caller: the elements of inputs and outputs, of the types that the
  // plan describes, and an arena of arena_bytes, aligned to kArenaAlignment.
  struct Memory {
    std::span<const std::byte* const> inputs;
    std::span<std::byte* const> outputs;
    std::byte* arena = nullptr;
  };
  // Where `times` is given, adds each step's time to its entry. Neither allocates nor locks, but
  // for what the interpreter and the pool's workers do.
  Status run(const Memory& memory, ThreadPool& pool, std::vector<StepProfile>* times = nullptr);

  // An entry for each step, with no time yet.
  [[nodiscard]] std::vector<StepProfile> empty_profile() const;

 private:
  void place(const Memory& memory);
  [[nodiscard]] void* place_of(SlotId slot) const {
    const Slot& described = plan_->slots[static_cast<std::size_t>(slot)];
    return places_[static_cast<std::size_t>(described.storage)];
  }
  Status run_step(std::size_t i, std::byte* arena, ThreadPool& pool);

  std::shared_ptr<const Plan> plan_;
  std::vector<void*> places_;              // of each storage
  std::vector<const std::byte*> weights_;  // of each step
  std::vector<const void*> inputs_;        // of the step that runs
  std::vector<void*> outputs_;
};

}  // namespace lathe::engine

// What executes a plan: one loop over its steps.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "engine/fused_rows.h"
#include "engine/packed_weights.h"
#include "engine/plan.h"
#include "engine/step_recorder.h"

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
  // What a run computes with, and what ends it early with kInterrupted: looked at before each step.
  struct Help {
    ThreadPool& pool;
    ThreadPool::Turn* turn = nullptr;  // rests while the interpreter computes
    const std::atomic<bool>* stop = nullptr;
  };
  // Where `recorder` is given each step is timed: they are those from `first` on that it knows.
  // Without, neither allocates nor locks, but for what the interpreter and the pool's workers do.
  Status run(const Memory& memory, const Help& help, StepRecorder* recorder = nullptr,
             std::size_t first = 0);

 private:
  void place(const Memory& memory);
  [[nodiscard]] void* place_of(SlotId slot) const {
    const Slot& described = plan_->slots[static_cast<std::size_t>(slot)];
    return places_[static_cast<std::size_t>(described.storage)];
  }
  Status run_step(std::size_t i, std::byte* arena, const Help& help);
  void run_fused(std::size_t i, std::byte* arena, const Help& help, StepRecorder* recorder,
                 std::size_t first);

  std::shared_ptr<const Plan> plan_;
  std::vector<FusedRows> fused_;           // as the plan has them
  std::vector<void*> places_;              // of each storage
  std::vector<const std::byte*> weights_;  // of each step
  std::vector<const void*> inputs_;        // of the step that runs, or of all that are fused
  std::vector<void*> outputs_;
};

}  // namespace lathe::engine

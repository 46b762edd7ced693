#include "engine/plan_runner.h"

#include <cstring>

#include "engine/interpreter.h"

namespace lathe::engine {

PlanRunner::PlanRunner(std::shared_ptr<const Plan> plan, const PackedWeights& weights)
    : plan_(std::move(plan)) {
  std::size_t operands = 0;
  for (const Step& step : plan_->steps) {
    weights_.push_back(weights.data(step.weights));
    operands = std::max({operands, step.inputs.size(), step.outputs.size()});
  }
  for (const FusedSteps& fused : plan_->fused) {
    fused_.push_back(*FusedRows::make(*plan_, fused, plan_->threads));
    std::size_t all = 0;
    for (int i = 0; i < fused.count; ++i)
      all += plan_->steps[static_cast<std::size_t>(fused.first + i)].inputs.size();
    operands = std::max(operands, all);
  }
  inputs_.reserve(operands);
  outputs_.reserve(operands);
  places_.resize(plan_->storages.size());
}

void PlanRunner::place(const Memory& memory) {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Storage& storage = plan_->storages[i];
    const auto index = static_cast<std::size_t>(storage.index);
    switch (storage.kind) {
      case Storage::Kind::kArena:
        places_[i] = memory.arena + storage.offset;
        break;
      case Storage::Kind::kInput:
        places_[i] = const_cast<std::byte*>(memory.inputs[index]);
        break;
      case Storage::Kind::kOutput:
        places_[i] = memory.outputs[index];
        break;
      case Storage::Kind::kConstant:
        places_[i] = const_cast<std::byte*>(storage.constant.bytes().data());
        break;
    }
  }
}

Status PlanRunner::run_step(std::size_t i, std::byte* arena, const Help& help) {
  const Step& step = plan_->steps[i];
  inputs_.clear();
  outputs_.clear();
  for (const SlotId slot : step.inputs) inputs_.push_back(place_of(slot));
  for (const SlotId slot : step.outputs) outputs_.push_back(place_of(slot));
  if (step.kernel == kInterpreter) {
    const auto node = static_cast<std::size_t>(step.interpreted);
    if (help.turn != nullptr) help.turn->rest();
    return interpret(plan_->interpreted[node], inputs_, outputs_);
  }
  if (help.turn != nullptr) help.turn->go_on();
  return kernels::kernel_of(step.kernel)
      .run(step.problem,
           {inputs_.data(), outputs_.data(), weights_[i], arena + step.scratch_offset, help.pool})
      .with_context([&] { return fmt::format("node '{}' ({})", step.name, step.op_type); });
}

void PlanRunner::run_fused(std::size_t i, std::byte* arena, const Help& help,
                           StepRecorder* recorder, std::size_t first) {
  const FusedRows& rows = fused_[i];
  const auto begin = static_cast<std::size_t>(plan_->fused[i].first);
  const auto count = static_cast<std::size_t>(rows.count());
  if (help.turn != nullptr) help.turn->go_on();
  inputs_.clear();
  std::array<FusedRows::Operands, FusedRows::kMostSteps> operands = {};
  for (std::size_t k = 0; k < count; ++k) {
    const Step& step = plan_->steps[begin + k];
    operands[k] = {inputs_.data() + inputs_.size(), place_of(step.outputs[0]), weights_[begin + k],
                   arena + step.scratch_offset};
    for (const SlotId slot : step.inputs) inputs_.push_back(place_of(slot));
  }
  if (recorder == nullptr) return rows.run(operands, help.pool);
  FusedRows::Times times = {};
  const StepRecorder::Running running = recorder->begin();
  rows.run(operands, help.pool, &times);
  recorder->end(first + begin, running, std::span(times).first(count));
}

Status PlanRunner::run(const Memory& memory, const Help& help, StepRecorder* recorder,
                       std::size_t first) {
  place(memory);
  std::size_t fused = 0;
  for (std::size_t i = 0; i < plan_->steps.size(); ++i) {
    RETURN_IF_ERROR(check_stop(help.stop));
    if (fused < fused_.size() && static_cast<std::size_t>(plan_->fused[fused].first) == i) {
      run_fused(fused, memory.arena, help, recorder, first);
      i += static_cast<std::size_t>(plan_->fused[fused++].count) - 1;
      continue;
    }
    const StepTimer timer(recorder, first + i);
    RETURN_IF_ERROR(run_step(i, memory.arena, help));
  }
  // Outputs that are inputs, constants or each other as well.
  for (std::size_t i = 0; i < plan_->outputs.size(); ++i) {
    const Slot& slot = plan_->slots[static_cast<std::size_t>(plan_->outputs[i])];
    const Storage& storage = plan_->storages[static_cast<std::size_t>(slot.storage)];
    const void* made = place_of(plan_->outputs[i]);
    if (made != memory.outputs[i] && storage.bytes > 0)
      std::memcpy(memory.outputs[i], made, byte_size(slot.data_type, slot.dims));
  }
  return {};
}

}  // namespace lathe::engine

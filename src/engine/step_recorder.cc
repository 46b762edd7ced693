#include "engine/step_recorder.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "engine/slow_steps.h"

namespace lathe::engine {

std::size_t StepRecorder::add(std::vector<StepProfile> steps) {
  const std::size_t first = steps_.size();
  steps_.insert(steps_.end(), std::make_move_iterator(steps.begin()),
                std::make_move_iterator(steps.end()));
  return first;
}

void StepRecorder::begin_run() {
  timeline_.clear();
  const std::int64_t now = nanoseconds(Clock::now());
  timeline_.push_back({StepRun::kWholeRun, now, now});
  recorded_ns_ = 0;
}

void StepRecorder::record(const StepRun& run, std::int64_t own_ns) {
  recorded_ns_ += own_ns;
  steps_[run.step].total_ms += static_cast<double>(own_ns) / 1e6;
  ++steps_[run.step].runs;
  if (timeline_.size() < kMostRuns) timeline_.push_back(run);
}

void StepRecorder::end(std::size_t step, const Running& running) {
  const StepRun run{step, nanoseconds(running.begin), nanoseconds(Clock::now())};
  record(run, run.end_ns - run.begin_ns - (recorded_ns_ - running.recorded_ns));
}

void StepRecorder::end(std::size_t first, const Running& running,
                       std::span<const std::int64_t> weights) {
  const std::int64_t begin = nanoseconds(running.begin);
  const auto all = static_cast<double>(nanoseconds(Clock::now()) - begin);
  const auto sum =
      static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::int64_t{0}));
  std::int64_t at = begin;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double share =
        sum > 0 ? static_cast<double>(weights[i]) / sum : 1 / static_cast<double>(weights.size());
    const auto own = static_cast<std::int64_t>(all * share);
    record({first + i, at, at + own}, own);
    at += own;
  }
}

namespace {

// Of what copies and gathers pick from, they read no more than they write.
std::int64_t bytes_left_alone(const Plan& plan, const Step& step) {
  const bool picks = std::holds_alternative<kernels::StridedCopyProblem>(step.problem) ||
                     std::holds_alternative<kernels::GatherProblem>(step.problem);
  if (!picks || step.inputs.empty() || step.outputs.empty()) return 0;
  const auto bytes = [&](SlotId id) {
    const StorageId storage = plan.slots[static_cast<std::size_t>(id)].storage;
    return static_cast<std::int64_t>(plan.storages[static_cast<std::size_t>(storage)].bytes);
  };
  return std::max<std::int64_t>(0, bytes(step.inputs[0]) - bytes(step.outputs[0]));
}

std::int64_t bytes_touched(const Plan& plan, const Step& step) {
  std::int64_t bytes = bytes_moved(plan, step);
  if (is_slow(step)) return bytes;
  if (step.weights != kNoWeights) {
    const kernels::Kernel& kernel = kernels::kernel_of(step.kernel);
    bytes += static_cast<std::int64_t>(kernel.packed_bytes(step.problem));
  }
  return bytes - bytes_left_alone(plan, step);
}

ir::DataType multiplied_type(const Plan& plan, const Step& step) {
  if (step.macs == 0 || step.inputs.empty()) return ir::DataType::kUndefined;
  const Slot& first = plan.slots[static_cast<std::size_t>(step.inputs[0])];
  const bool is_byte =
      first.data_type == ir::DataType::kInt8 || first.data_type == ir::DataType::kUint8;
  if (first.data_type == ir::DataType::kBFloat16) return first.data_type;
  return is_byte ? ir::DataType::kInt8 : ir::DataType::kFloat32;
}

}  // namespace

std::vector<StepProfile> describe_steps(const Plan& plan) {
  std::vector<StepProfile> profiles;
  for (const Step& step : plan.steps) {
    StepProfile& profile = profiles.emplace_back();
    profile.name = step.name;
    profile.op_type = step.op_type;
    profile.kernel = kernel_name(step);
    profile.missing = step.missing;
    profile.macs = step.macs;
    profile.multiplies = multiplied_type(plan, step);
    profile.bytes = bytes_touched(plan, step);
    profile.threads = is_slow(step) ? 1 : plan.useful_threads;
  }
  return profiles;
}

}  // namespace lathe::engine

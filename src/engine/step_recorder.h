// What a context notes while it is profiled: its steps, and when each of them ran.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/backend.h"
#include "engine/plan.h"

namespace lathe::engine {

// For one caller at a time.
class StepRecorder {
 public:
  using Clock = std::chrono::steady_clock;

  // Steps that will be recorded; returns the place of the first among all.
  std::size_t add(std::vector<StepProfile> steps);
  void set_bytes(std::size_t step, std::int64_t bytes) { steps_[step].bytes = bytes; }

  // Around each run; the timeline of the run before is forgotten.
  void begin_run();
  void end_run() { timeline_.front().end_ns = nanoseconds(Clock::now()); }
  // A step begins; what steps record until it ends is not part of its own time.
  struct Running {
    Clock::time_point begin;
    std::int64_t recorded_ns = 0;
  };
  [[nodiscard]] Running begin() const { return {Clock::now(), recorded_ns_}; }
  void end(std::size_t step, const Running& running);
  // The same of steps from `first` on that took turns: the time is shared out as `weights` are.
  void end(std::size_t first, const Running& running, std::span<const std::int64_t> weights);

  [[nodiscard]] const std::vector<StepProfile>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<StepRun>& timeline() const { return timeline_; }

 private:
  void record(const StepRun& run, std::int64_t own_ns);

  static constexpr std::size_t kMostRuns = std::size_t{1} << 20;  // of a timeline

  [[nodiscard]] std::int64_t nanoseconds(Clock::time_point time) const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time - start_).count();
  }

  Clock::time_point start_ = Clock::now();
  std::vector<StepProfile> steps_;
  std::vector<StepRun> timeline_;
  std::int64_t recorded_ns_ = 0;  // own time of all steps of this run so far
};

// Records the time until it is destroyed, where there is a recorder.
class StepTimer {
 public:
  StepTimer(StepRecorder* recorder, std::size_t step) : recorder_(recorder), step_(step) {
    if (recorder_ != nullptr) running_ = recorder_->begin();
  }
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;
  ~StepTimer() {
    if (recorder_ != nullptr) recorder_->end(step_, running_);
  }

 private:
  StepRecorder* recorder_;
  std::size_t step_;
  StepRecorder::Running running_;
};

// One for each step of a plan, with no time yet.
std::vector<StepProfile> describe_steps(const Plan& plan);

}  // namespace lathe::engine

// Runs programs: what one running inference owns.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "engine/plan_runner.h"
#include "engine/program.h"
#include "ir/datum.h"
#include "kernels/aligned_buffer.h"

namespace lathe::engine {

// Memory and threads that the regions of a program use one after the other.
class Workspace {
 public:
  // `memory_limit`: of weights and arenas, of `streams` of which each has one; 0: none. Without a
  // `shared` pool it has threads of its own.
  Workspace(const Program& program, int streams, std::size_t memory_limit,
            std::shared_ptr<ThreadPool> shared = {})
      : program_(program),
        streams_(streams),
        memory_limit_(memory_limit),
        is_shared_(shared != nullptr),
        pool_(std::move(shared)) {}

  // Refuses a plan that needs more than the limit.
  [[nodiscard]] Status check_limit(const Plan& plan) const;
  // Makes room for a plan, and has the threads that it wants.
  Status prepare(const Plan& plan);
  [[nodiscard]] std::byte* arena() { return arena_.data(); }
  [[nodiscard]] ThreadPool& pool(const Plan& plan) {
    return plan.useful_threads > 1 ? *pool_ : caller_;
  }
  // Of which a run of the plan takes a turn, or null.
  [[nodiscard]] ThreadPool* turns(const Plan& plan) {
    return is_shared_ || plan.useful_threads > 1 ? pool_.get() : nullptr;
  }
  std::unique_ptr<StepRecorder> recorder;   // while runs are profiled
  const std::atomic<bool>* stop = nullptr;  // ends runs, where there is one

 private:
  const Program& program_;
  int streams_;
  std::size_t memory_limit_;
  kernels::AlignedBuffer<std::byte> arena_;
  ThreadPool caller_{1};
  bool is_shared_;
  std::shared_ptr<ThreadPool> pool_;  // or made for the first plan that gains by it
};

// A region and the plans that this inference has run. For one caller at a time.
class RegionRunner {
 public:
  // Both outlive the runner.
  RegionRunner(const Region& region, Workspace& workspace)
      : region_(region), workspace_(workspace) {}

  Status prepare(std::shared_ptr<const Plan> plan);
  // Outputs of before that are of the type that comes out, and shared with nobody, are written to.
  // Where a plan for such inputs has been run, nothing is allocated but outputs.
  Status run(std::span<const ir::Tensor> inputs, std::vector<ir::Tensor>& outputs);

  // The workspace's recorder is a new one.
  void start_profile();

 private:
  struct Prepared {
    PlanRunner runner;
    std::size_t first_step = 0;  // of the recorder's
  };
  Status prepare_for(std::span<const ir::Tensor> inputs);

  const Region& region_;
  Workspace& workspace_;
  std::vector<Prepared> prepared_;  // the last one used in front
  std::vector<const std::byte*> in_;
  std::vector<std::byte*> out_;
};

// For one caller at a time.
class ProgramRunner {
 public:
  // Both outlive the runner.
  ProgramRunner(const Program& program, Workspace& workspace);
  ~ProgramRunner();

  // Of a program with an only_region().
  [[nodiscard]] RegionRunner& region() { return *stages_[0].region; }
  // On as many inputs as the program has.
  Result<std::vector<ir::Datum>> run(std::span<const ir::Datum> inputs);

  void start_profile();

 private:
  struct StageRunner {
    std::unique_ptr<RegionRunner> region;
    std::map<std::string, std::unique_ptr<ProgramRunner>, std::less<>> bodies;
    std::size_t step = 0;  // of the recorder's, for a node
    std::vector<ir::Tensor> inputs;
    std::vector<ir::Tensor> outputs;
  };
  void forget_values();
  Status run_region(const RegionStage& stage, StageRunner& runner);
  Status run_node(const NodeStage& stage, StageRunner& runner);
  Status compute_node(const NodeStage& stage, StageRunner& runner);
  [[nodiscard]] ir::Datum read(ir::ValueId id) const;
  [[nodiscard]] std::vector<ir::Datum> read_all(std::span<const ir::ValueId> ids) const;

  const Program& program_;
  Workspace& workspace_;
  std::vector<StageRunner> stages_;
  std::vector<ir::Datum> values_;
};

}  // namespace lathe::engine

#include "engine/native.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/cpu.h"
#include "engine/memory_plan.h"
#include "engine/own_backend.h"
#include "engine/plan_builder.h"
#include "engine/slow_steps.h"
#include "kernels/parallel.h"

namespace lathe::engine {
namespace {

class NativeExecutable final : public Executable {
 public:
  NativeExecutable(std::shared_ptr<const Plan> plan, Concurrency concurrency,
                   std::vector<std::string> notes)
      : Executable(concurrency), plan_(std::move(plan)), notes_(std::move(notes)) {}

  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return plan_->input_infos; }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return plan_->output_infos; }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override;
  [[nodiscard]] std::size_t arena_bytes() const override { return plan_->arena_bytes; }
  [[nodiscard]] std::size_t weight_bytes() const override { return plan_->weight_bytes; }
  [[nodiscard]] double slow_share() const override { return engine::slow_share(*plan_); }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

 private:
  std::shared_ptr<const Plan> plan_;  // contexts hold it too
  std::vector<std::string> notes_;
};

struct FreeDeleter {
  void operator()(void* p) const { std::free(p); }
};
using Arena = std::unique_ptr<std::byte, FreeDeleter>;

class NativeContext final : public Context {
 public:
  NativeContext(std::shared_ptr<const Plan> shared_plan, int threads)
      : plan_(std::move(shared_plan)), pool_(threads) {
    const Plan& plan = *plan_;
    const std::size_t bytes =
        (plan.arena_bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
    if (bytes > 0)
      arena_.reset(static_cast<std::byte*>(std::aligned_alloc(kArenaAlignment, bytes)));
    for (const Storage& storage : plan.storages) {
      const void* place = nullptr;
      if (storage.kind == Storage::Kind::kArena && arena_ != nullptr)
        place = arena_.get() + storage.offset;
      if (storage.kind == Storage::Kind::kConstant) place = storage.constant.bytes().data();
      places_.push_back(const_cast<void*>(place));
    }
  }

  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) override {
    const Plan& plan = *plan_;
    RETURN_IF_ERROR(check_inputs(plan.input_infos, inputs));
    if (plan.arena_bytes > 0 && arena_ == nullptr) {
      return error(ErrorCode::kResourceExhausted, "no memory for an arena of {} bytes",
                   plan.arena_bytes);
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const Storage& storage = plan.storages[i];
      if (storage.kind != Storage::Kind::kInput) continue;
      places_[i] =
          const_cast<std::byte*>(inputs[static_cast<std::size_t>(storage.input)].bytes().data());
    }
    if (profile_.empty()) {
      for (const Step& step : plan.steps) RETURN_IF_ERROR(run_step(step));
    } else {
      for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const auto start = std::chrono::steady_clock::now();
        RETURN_IF_ERROR(run_step(plan.steps[i]));
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - start;
        profile_[i].total_ms += took.count();
        ++profile_[i].runs;
      }
    }
    std::vector<ir::Tensor> outputs;
    for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
      const ir::TensorType& type = plan.output_infos[i].type;
      ASSIGN_OR_RETURN(ir::Tensor output,
                       ir::Tensor::create(type.data_type, *ir::known_dims(*type.shape)));
      if (output.num_bytes() > 0) {
        std::memcpy(output.mutable_bytes().data(), place_of(plan.outputs[i]), output.num_bytes());
      }
      outputs.push_back(std::move(output));
    }
    return outputs;
  }

  void enable_profiling() override {
    profile_.clear();
    for (const Step& step : plan_->steps) {
      profile_.push_back({step.name, step.op_type, step.kernel, step.missing, step.macs, 0, 0});
    }
  }
  [[nodiscard]] std::vector<StepProfile> profile() const override { return profile_; }

 private:
  [[nodiscard]] void* place_of(SlotId slot) const {
    const Plan& plan = *plan_;
    return places_[static_cast<std::size_t>(plan.slots[static_cast<std::size_t>(slot)].storage)];
  }

  Status run_step(const Step& step) {
    step_inputs_.clear();
    step_outputs_.clear();
    for (const SlotId slot : step.inputs) step_inputs_.push_back(place_of(slot));
    for (const SlotId slot : step.outputs) step_outputs_.push_back(place_of(slot));
    std::byte* scratch = arena_ == nullptr ? nullptr : arena_.get() + plan_->scratch_offset;
    return step.run({step_inputs_, step_outputs_, scratch, pool_});
  }

  std::shared_ptr<const Plan> plan_;
  ThreadPool pool_;
  Arena arena_;
  std::vector<void*> places_;  // of each storage
  std::vector<const void*> step_inputs_;
  std::vector<void*> step_outputs_;
  std::vector<StepProfile> profile_;
};

std::unique_ptr<Context> NativeExecutable::new_context() const {
  return std::make_unique<NativeContext>(plan_, threads());
}

// Threads that one inference can use. What runs in the reference evaluator is never split.
int useful_threads(const Plan& plan, Isa isa, int threads) {
  double nanoseconds = 0;
  for (const Step& step : plan.steps) {
    if (is_slow(step)) continue;
    nanoseconds += std::max(kernels::expected_mac_nanoseconds(step.macs, isa),
                            kernels::expected_stream_nanoseconds(bytes_moved(plan, step)));
  }
  return nanoseconds < kernels::kSingleThreadNanoseconds ? 1 : threads;
}

class NativeBackend final : public OwnBackend {
 public:
  [[nodiscard]] std::string_view name() const override { return "native"; }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      const ir::Graph& graph, const CompileOptions& options) const override {
    ASSIGN_OR_RETURN(const Isa isa, select_isa());
    std::vector<std::string> notes;
    ASSIGN_OR_RETURN(const ir::Graph lowered, lower(graph, options, notes));
    Concurrency concurrency = resolve_concurrency(options);
    ASSIGN_OR_RETURN(Plan plan, build_plan(lowered, isa, concurrency.threads));
    const std::size_t needed =
        plan.weight_bytes + static_cast<std::size_t>(concurrency.streams) * plan.arena_bytes;
    if (options.memory_limit > 0 && needed > static_cast<std::size_t>(options.memory_limit)) {
      return error(ErrorCode::kResourceExhausted,
                   "the model needs {} bytes ({} of weights, {} of intermediate values for each of "
                   "{} streams), the limit is {}",
                   needed, plan.weight_bytes, plan.arena_bytes, concurrency.streams,
                   options.memory_limit);
    }
    if (std::string slow = describe_slow_steps(plan); !slow.empty())
      notes.push_back(std::move(slow));
    concurrency.threads = useful_threads(plan, isa, concurrency.threads);
    if (concurrency.threads < options.threads) {
      notes.push_back(fmt::format(
          "computes with 1 thread instead of {}: the model is too small to gain by more",
          options.threads));
    }
    return std::shared_ptr<const Executable>(std::make_shared<NativeExecutable>(
        std::make_shared<const Plan>(std::move(plan)), concurrency, std::move(notes)));
  }
};

}  // namespace

const Backend& native_backend() {
  static const NativeBackend backend;
  return backend;
}

}  // namespace lathe::engine

#include "engine/native.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/cpu.h"
#include "engine/interpreter.h"
#include "engine/memory_plan.h"
#include "engine/own_backend.h"
#include "engine/packed_weights.h"
#include "engine/plan_builder.h"
#include "engine/slow_steps.h"
#include "kernels/parallel.h"

namespace lathe::engine {
namespace {

// What contexts share.
struct Program {
  Plan plan;
  PackedWeights weights;
};

class NativeExecutable final : public Executable {
 public:
  NativeExecutable(std::shared_ptr<const Program> program, Concurrency concurrency,
                   std::vector<std::string> notes)
      : Executable(concurrency), program_(std::move(program)), notes_(std::move(notes)) {}

  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return plan().input_infos; }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return plan().output_infos; }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override;
  [[nodiscard]] std::size_t arena_bytes() const override { return plan().arena_bytes; }
  [[nodiscard]] std::size_t weight_bytes() const override {
    return program_->weights.bytes() + plan().constant_bytes;
  }
  [[nodiscard]] double slow_share() const override { return engine::slow_share(plan()); }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

  [[nodiscard]] const Plan& plan() const { return program_->plan; }

 private:
  std::shared_ptr<const Program> program_;  // contexts hold it too
  std::vector<std::string> notes_;
};

struct FreeDeleter {
  void operator()(void* p) const { std::free(p); }
};
using Arena = std::unique_ptr<std::byte, FreeDeleter>;

class NativeContext final : public Context {
 public:
  NativeContext(std::shared_ptr<const Program> program, int threads)
      : program_(std::move(program)), pool_(threads) {
    const Plan& plan = program_->plan;
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
    for (const Step& step : plan.steps) weights_.push_back(program_->weights.data(step.weights));
  }

  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) override {
    const Plan& plan = program_->plan;
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
      for (std::size_t i = 0; i < plan.steps.size(); ++i) RETURN_IF_ERROR(run_step(i));
    } else {
      for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const auto start = std::chrono::steady_clock::now();
        RETURN_IF_ERROR(run_step(i));
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
    for (const Step& step : program_->plan.steps) {
      profile_.push_back(
          {step.name, step.op_type, std::string(kernel_name(step)), step.missing, step.macs, 0, 0});
    }
  }
  [[nodiscard]] std::vector<StepProfile> profile() const override { return profile_; }

 private:
  [[nodiscard]] void* place_of(SlotId slot) const {
    const Slot& described = program_->plan.slots[static_cast<std::size_t>(slot)];
    return places_[static_cast<std::size_t>(described.storage)];
  }

  Status run_step(std::size_t i) {
    const Step& step = program_->plan.steps[i];
    inputs_.clear();
    outputs_.clear();
    for (const SlotId slot : step.inputs) inputs_.push_back(place_of(slot));
    for (const SlotId slot : step.outputs) outputs_.push_back(place_of(slot));
    if (step.kernel == kInterpreter) {
      const auto node = static_cast<std::size_t>(step.interpreted);
      return interpret(program_->plan.interpreted[node], inputs_, outputs_);
    }
    std::byte* scratch = arena_ == nullptr ? nullptr : arena_.get() + step.scratch_offset;
    kernels::kernel_of(step.kernel)
        .run(step.problem, {inputs_.data(), outputs_.data(), weights_[i], scratch, pool_});
    return {};
  }

  std::shared_ptr<const Program> program_;
  ThreadPool pool_;
  Arena arena_;
  std::vector<void*> places_;              // of each storage
  std::vector<const std::byte*> weights_;  // of each step
  std::vector<const void*> inputs_;        // of the step that runs
  std::vector<void*> outputs_;
  std::vector<StepProfile> profile_;
};

std::unique_ptr<Context> NativeExecutable::new_context() const {
  return std::make_unique<NativeContext>(program_, threads());
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

}  // namespace

const Plan* plan_of(const Executable& executable) {
  const auto* native = dynamic_cast<const NativeExecutable*>(&executable);
  return native == nullptr ? nullptr : &native->plan();
}

namespace {

class NativeBackend final : public OwnBackend {
 public:
  [[nodiscard]] std::string_view name() const override { return "native"; }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      ir::Graph graph, const CompileOptions& options) const override {
    ASSIGN_OR_RETURN(const Isa isa, select_isa());
    std::vector<std::string> notes;
    ASSIGN_OR_RETURN(ir::Graph lowered, lower(std::move(graph), options, notes));
    Concurrency concurrency = resolve_concurrency(options);
    const auto program = std::make_shared<Program>();
    ASSIGN_OR_RETURN(program->plan,
                     build_plan(std::move(lowered), isa, concurrency.threads, program->weights));
    const Plan& plan = program->plan;
    const std::size_t weight_bytes = program->weights.bytes() + plan.constant_bytes;
    const std::size_t needed =
        weight_bytes + static_cast<std::size_t>(concurrency.streams) * plan.arena_bytes;
    if (options.memory_limit > 0 && needed > static_cast<std::size_t>(options.memory_limit)) {
      return error(ErrorCode::kResourceExhausted,
                   "the model needs {} bytes ({} of weights, {} of intermediate values for each of "
                   "{} streams), the limit is {}",
                   needed, weight_bytes, plan.arena_bytes, concurrency.streams,
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
    return std::shared_ptr<const Executable>(
        std::make_shared<NativeExecutable>(program, concurrency, std::move(notes)));
  }
};

}  // namespace

const Backend& native_backend() {
  static const NativeBackend backend;
  return backend;
}

}  // namespace lathe::engine

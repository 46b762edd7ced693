#include "engine/native.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/words.h"
#include "engine/ahead_of_time.h"
#include "engine/own_backend.h"
#include "engine/program_runner.h"
#include "engine/slow_steps.h"

namespace lathe::engine {
namespace {

// What contexts share.
struct Shared {
  std::shared_ptr<const Program> program;
  int streams = 1;
  std::size_t memory_limit = 0;  // 0: none
  std::shared_ptr<ThreadPool> pool;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::shared_ptr<const Plan> planned;  // of an only region for `inputs`, where nothing is open
};

class NativeContext final : public Context {
 public:
  explicit NativeContext(std::shared_ptr<const Shared> shared)
      : shared_(std::move(shared)),
        workspace_(*shared_->program, shared_->streams, shared_->memory_limit, shared_->pool),
        runner_(*shared_->program, workspace_) {
    // What fails now fails again when it runs.
    if (shared_->planned != nullptr) (void)runner_.region().prepare(shared_->planned);
  }

  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) override {
    std::vector<ir::Tensor> outputs;
    RETURN_IF_ERROR(run_into(inputs, outputs));
    return outputs;
  }

  Status run_into(std::span<const ir::Tensor> inputs, std::vector<ir::Tensor>& outputs) override {
    RETURN_IF_ERROR(check_inputs(shared_->inputs, inputs));
    workspace_.stop = stop().get();
    return recorded([&] { return compute(inputs, outputs); });
  }

  Result<std::vector<ir::Datum>> run_values(std::span<const ir::Datum> inputs) override {
    if (shared_->program->only_region() != nullptr) return Context::run_values(inputs);
    RETURN_IF_ERROR(check_inputs(shared_->inputs, inputs));
    workspace_.stop = stop().get();
    return recorded([&] { return runner_.run(inputs); });
  }

  bool enable_profiling() override {
    workspace_.recorder = std::make_unique<StepRecorder>();
    runner_.start_profile();
    return true;
  }
  [[nodiscard]] std::vector<StepProfile> profile() const override {
    return workspace_.recorder == nullptr ? std::vector<StepProfile>()
                                          : workspace_.recorder->steps();
  }
  [[nodiscard]] std::vector<StepRun> timeline() const override {
    return workspace_.recorder == nullptr ? std::vector<StepRun>()
                                          : workspace_.recorder->timeline();
  }

 private:
  template <typename Run>
  auto recorded(Run run) -> decltype(run()) {
    if (workspace_.recorder == nullptr) return run();
    workspace_.recorder->begin_run();
    auto result = run();
    workspace_.recorder->end_run();
    return result;
  }

  Status compute(std::span<const ir::Tensor> inputs, std::vector<ir::Tensor>& outputs) {
    if (shared_->program->only_region() != nullptr) return runner_.region().run(inputs, outputs);
    const std::vector<ir::Datum> values(inputs.begin(), inputs.end());
    ASSIGN_OR_RETURN(const std::vector<ir::Datum> made, runner_.run(values));
    std::vector<ir::Tensor> tensors;
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (made[i].tensor() == nullptr) {
        return unsupported("output '{}' is {}, only tensors can be had here",
                           shared_->outputs[i].name, made[i].type().to_string());
      }
      tensors.push_back(*made[i].tensor());
    }
    return hand_over(std::move(tensors), shared_->outputs, outputs);
  }

  std::shared_ptr<const Shared> shared_;
  Workspace workspace_;
  ProgramRunner runner_;
};

class NativeExecutable final : public Executable {
 public:
  NativeExecutable(std::shared_ptr<const Shared> shared, Concurrency concurrency,
                   std::vector<std::string> notes)
      : Executable(concurrency), shared_(std::move(shared)), notes_(std::move(notes)) {}

  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return shared_->inputs; }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return shared_->outputs; }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override {
    return std::make_unique<NativeContext>(shared_);
  }
  [[nodiscard]] Result<std::vector<TensorInfo>> plan_for(
      std::span<const ir::TensorType> inputs) const override {
    ASSIGN_OR_RETURN(std::vector<TensorInfo> outputs, Executable::plan_for(inputs));
    const Region* region = shared_->program->only_region();
    if (region == nullptr) return outputs;
    ASSIGN_OR_RETURN(const std::shared_ptr<const Plan> plan, region->plan(inputs));
    RETURN_IF_ERROR(
        Workspace(*shared_->program, shared_->streams, shared_->memory_limit).check_limit(*plan));
    return plan->output_infos;
  }
  [[nodiscard]] std::size_t arena_bytes() const override {
    return plan() == nullptr ? 0 : plan()->arena_bytes;
  }
  [[nodiscard]] std::size_t weight_bytes() const override {
    return shared_->program->weight_bytes() + (plan() == nullptr ? 0 : plan()->constant_bytes);
  }
  [[nodiscard]] double slow_share() const override {
    return plan() == nullptr ? 0 : engine::slow_share(*plan());
  }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

  [[nodiscard]] const Plan* plan() const { return shared_->planned.get(); }
  [[nodiscard]] const Program& program() const { return *shared_->program; }

 private:
  std::shared_ptr<const Shared> shared_;  // contexts hold it too
  std::vector<std::string> notes_;
};

// How much of a plan is stored in bfloat16; empty where nothing is.
std::string describe_narrow_steps(const Plan& plan) {
  const auto is_narrow = [&](SlotId id) {
    return plan.slots[static_cast<std::size_t>(id)].data_type == ir::DataType::kBFloat16;
  };
  std::size_t narrow = 0;
  std::size_t casts = 0;
  for (const Step& step : plan.steps) {
    if (std::none_of(step.inputs.begin(), step.inputs.end(), is_narrow) &&
        std::none_of(step.outputs.begin(), step.outputs.end(), is_narrow))
      continue;
    ++(std::holds_alternative<kernels::CastProblem>(step.problem) ? casts : narrow);
  }
  if (narrow == 0) return {};
  const auto isa = select_isa();
  return fmt::format("computes {} of {} steps in bfloat16, {} between that and float32{}", narrow,
                     plan.steps.size() - casts,
                     counted(static_cast<std::int64_t>(casts), "conversion"),
                     isa.ok() && isa->has(Isa::kAvx512Bf16)
                         ? ""
                         : "; this processor does not multiply it, which saves memory alone");
}

// The quantized layers that a plan computes in float32; empty where there are none.
std::string describe_float_layers(const Plan& plan) {
  std::vector<std::string> layers;
  for (const Step& step : plan.steps) {
    const bool is_quantized =
        step.op_type.starts_with("QLinearConv") || step.op_type.starts_with("QConv");
    if (is_quantized && std::holds_alternative<kernels::ConvolutionF32Problem>(step.problem))
      layers.push_back(step.name);
  }
  if (layers.empty()) return {};
  constexpr std::size_t kShown = 5;
  return fmt::format("{} computed in float32, which is faster on this machine: {}",
                     layers.size() == 1 ? "1 quantized layer is"
                                        : fmt::format("{} quantized layers are", layers.size()),
                     listed(layers, kShown));
}

class NativeBackend final : public OwnBackend {
 public:
  [[nodiscard]] std::string_view name() const override { return "native"; }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      ir::Graph graph, const CompileOptions& options) const override {
    ASSIGN_OR_RETURN(const Isa isa, select_isa());
    RETURN_IF_ERROR(check(graph, options));
    if (options.precision == Precision::kFloat16)
      return unsupported("backend 'native' computes in f32 and bf16, f16 was asked for");
    if (options.pool != nullptr && options.threads > 0 &&
        options.threads != options.pool->threads()) {
      return invalid_argument("{} threads were asked for, and a thread pool of {}", options.threads,
                              options.pool->threads());
    }
    const std::shared_ptr<const ir::Prepared> prepared = graph.prepared;
    ASSIGN_OR_RETURN(const std::vector<ir::TensorType> types, bound_inputs(graph, options));
    ASSIGN_OR_RETURN(ir::Graph fixed, fix_shapes(std::move(graph), options));
    std::vector<std::string> notes;
    if (prepared == nullptr) {
      ASSIGN_OR_RETURN(fixed, lower(std::move(fixed), options, notes));
    }
    Concurrency concurrency = resolve_concurrency(options);
    const auto shared = std::make_shared<Shared>();
    shared->streams = concurrency.streams;
    shared->pool = options.pool;
    shared->memory_limit = static_cast<std::size_t>(options.memory_limit);
    shared->inputs = describe_inputs(fixed, types);
    shared->outputs = describe_values(fixed, fixed.outputs());
    const auto tuner = options.tune ? std::make_shared<Tuner>(isa, concurrency.threads) : nullptr;
    ASSIGN_OR_RETURN(shared->program,
                     Program::build(std::move(fixed), {isa, concurrency.threads, options.tile_rows,
                                                       tuner, options.precision}));
    if (prepared != nullptr) adopt_packed(prepared, *shared->program, isa, notes);
    if (std::string nodes = shared->program->describe_nodes(); !nodes.empty())
      notes.push_back(std::move(nodes));
    if (shared->program->only_region() != nullptr && are_closed(types))
      RETURN_IF_ERROR(plan_ahead(*shared, types, options, concurrency, notes));
    if (tuner != nullptr) notes.push_back(tuner->summary());
    return std::shared_ptr<const Executable>(
        std::make_shared<NativeExecutable>(shared, concurrency, std::move(notes)));
  }

 private:
  static Status plan_ahead(Shared& shared, std::span<const ir::TensorType> types,
                           const CompileOptions& options, Concurrency& concurrency,
                           std::vector<std::string>& notes) {
    ASSIGN_OR_RETURN(shared.planned, shared.program->only_region()->plan(types));
    const Plan& plan = *shared.planned;
    RETURN_IF_ERROR(
        Workspace(*shared.program, shared.streams, shared.memory_limit).check_limit(plan));
    for (std::size_t i = 0; i < shared.outputs.size(); ++i)
      shared.outputs[i].type = plan.output_infos[i].type;
    if (plan.whole_arena_bytes > 0) {
      notes.push_back(fmt::format("in strips: {} bytes of intermediate values instead of {}",
                                  plan.arena_bytes, plan.whole_arena_bytes));
    } else if (options.tile_rows > 0) {
      notes.push_back("not in strips: no part of the model takes less memory so");
    }
    if (std::string wide = describe_float_layers(plan); !wide.empty()) notes.push_back(wide);
    if (std::string narrow = describe_narrow_steps(plan); !narrow.empty()) notes.push_back(narrow);
    if (std::string slow = describe_slow_steps(plan); !slow.empty())
      notes.push_back(std::move(slow));
    concurrency.threads = plan.useful_threads;
    if (concurrency.threads < options.threads) {
      notes.push_back(fmt::format(
          "computes with 1 thread instead of {}: the model is too small to gain by more",
          options.threads));
    }
    return {};
  }
};

}  // namespace

const Plan* plan_of(const Executable& executable) {
  const auto* native = dynamic_cast<const NativeExecutable*>(&executable);
  return native == nullptr ? nullptr : native->plan();
}

std::vector<StagePlan> stage_plans(const Executable& executable) {
  const auto* native = dynamic_cast<const NativeExecutable*>(&executable);
  if (native == nullptr) return {};
  std::vector<ir::TensorType> types;
  for (const TensorInfo& input : native->inputs()) types.push_back(input.type);
  return plan_stages(native->program(), types);
}

const Backend& native_backend() {
  static const NativeBackend backend;
  return backend;
}

}  // namespace lathe::engine

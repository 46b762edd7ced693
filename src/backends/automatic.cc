#include "backends/automatic.h"

#include <algorithm>
#include <filesystem>
#include <fmt/ranges.h>
#include <mutex>
#include <optional>

#include "backends/backends.h"
#include "base/log.h"

namespace lathe::engine {
namespace {

// Lower is tried earlier.
enum Rank { kAccelerator, kBest, kPeer, kSlowNative, kLastResort, kUnusable };

struct Verdict {
  Rank rank;
  std::string reason;
};

bool offers(const Backend& backend, std::string_view provider) {
  const std::vector<std::string> providers = backend.providers();
  return std::find(providers.begin(), providers.end(), provider) != providers.end();
}

bool computes_in(const Backend& backend, Precision precision) {
  return precision == Precision::kFloat32 || backend.name() == "openvino" ||
         (backend.name() == "native" && precision == Precision::kBFloat16);
}

// What speaks against a backend before anything else is asked.
std::optional<std::string> objection(const Backend& backend, const ir::Graph& graph,
                                     const CompileOptions& options) {
  const bool has_providers = backend.name() == "onnxruntime";
  if (!has_providers && !(options.providers.empty() && options.provider_options.empty())) {
    return "has no execution providers";
  }
  if (!computes_in(backend, options.precision))
    return fmt::format("does not compute in {}", precision_name(options.precision));
  if (options.memory_limit > 0 && backend.name() != "native") {
    return "cannot be kept to a memory limit";
  }
  if (options.pool != nullptr && backend.name() != "native") {
    return "cannot compute with a thread pool of its caller's";
  }
  if (options.tile_rows > 0 && backend.name() != "native") return "cannot compute in strips";
  if (const Availability found = backend.available(); !found.available) return found.reason;
  if (const Status known = backend.supports(graph); !known.ok()) return known.error().message();
  return std::nullopt;
}

Verdict judge(const Backend& backend, const ir::Graph& graph, CompileOptions& options,
              const Machine& machine) {
  if (auto found = objection(backend, graph, options)) return {kUnusable, *std::move(found)};
  if (backend.name() == "native") {
    if (machine.isa == Isa::kScalar) {
      return {kSlowNative, "has every operator, but no vector kernels for this processor"};
    }
    return {kBest, fmt::format("has every operator, and {} kernels", isa_name(machine.isa))};
  }
  if (backend.name() == "lowered") return {kUnusable, "is there to compare with"};
  if (backend.name() == "reference") return {kLastResort, "has every operator, but is slow"};
  if (options.providers.empty() && machine.gpu && offers(backend, "cuda")) {
    options.providers = {"cuda", "cpu"};
    return {kAccelerator, "computes on the GPU"};
  }
  return {kPeer, fmt::format("version {} is installed", backend.version())};
}

// The evaluator takes some hundred times as long as a kernel for the same work: with a hundredth of
// it there, the model takes twice the time.
constexpr double kSubstantialShare = 0.01;

bool is_fallback(const Backend& backend) {
  return backend.name() == "native" || backend.name() == "reference";
}

// The executable that computes now, and how to get the next one. Thread-safe.
class Choice {
 public:
  Choice(ir::Graph graph, std::vector<Candidate> candidates)
      : graph_(std::move(graph)), candidates_(std::move(candidates)) {}

  struct Current {
    std::shared_ptr<const Executable> executable;
    std::size_t place = 0;  // among the candidates
    std::string_view name = {};
  };

  [[nodiscard]] Current current() const {
    const std::scoped_lock lock(mutex_);
    return current_;
  }

  // Compiles with the first usable candidate from `place` on, unless somebody else went there
  // before. The error tells of all that failed.
  Status advance(std::size_t place) {
    const std::scoped_lock lock(mutex_);
    if (current_.executable != nullptr && current_.place >= place) return {};
    while (place < candidates_.size()) {
      const Candidate& candidate = candidates_[place];
      const std::string_view name = candidate.backend->name();
      if (!candidate.usable) {
        failures_.push_back(fmt::format("{}: {}", name, candidate.reason));
        ++place;
        continue;
      }
      auto compiled = candidate.backend->compile(graph_, candidate.options);
      if (!compiled.ok()) {
        last_code_ = compiled.error().code();
        failures_.push_back(fmt::format("{}: {}", name, compiled.error().message()));
        ++place;
        continue;
      }
      if ((*compiled)->slow_share() >= kSubstantialShare && put_off(place, **compiled)) continue;
      current_ = {std::move(*compiled), place, name};
      return {};
    }
    return Error(last_code_,
                 fmt::format("no backend can run the model: {}", fmt::join(failures_, "; ")));
  }

  // An inference failed at `place`: goes on with a candidate behind it.
  Status fail(std::size_t place, const Error& reason) {
    std::string_view name;
    {
      const std::scoped_lock lock(mutex_);
      name = candidates_[place].backend->name();
      last_code_ = reason.code();
      failures_.push_back(fmt::format("{}: {}", name, reason.message()));
    }
    RETURN_IF_ERROR(advance(place + 1));
    log_warning("backend {} failed ({}); {} goes on", name, reason.message(), current().name);
    return {};
  }

  [[nodiscard]] std::vector<std::string> notes() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> lines;
    for (const std::string& failure : failures_) lines.push_back("auto passed over " + failure);
    lines.push_back(
        fmt::format("auto chose {}: {}", current_.name, candidates_[current_.place].reason));
    for (std::string& note : current_.executable->notes()) {
      lines.push_back(fmt::format("{}: {}", current_.name, note));
    }
    return lines;
  }

 private:
  // Moves the candidate at `place`, which computes slowly, behind all peers that can be used. False
  // where there are none. No context has come as far as `place`.
  bool put_off(std::size_t place, const Executable& slow) {
    const auto at = candidates_.begin() + static_cast<std::ptrdiff_t>(place);
    auto behind = at;
    for (auto other = at + 1; other != candidates_.end(); ++other)
      if (other->usable && !is_fallback(*other->backend)) behind = other + 1;
    if (behind == at) return false;
    at->reason = fmt::format("runs {:.0f} % of the work in the slow reference evaluator",
                             std::max(1.0, 100 * slow.slow_share()));
    failures_.push_back(fmt::format("{}: {}", at->backend->name(), at->reason));
    std::rotate(at, at + 1, behind);
    return true;
  }

  const ir::Graph graph_;
  std::vector<Candidate> candidates_;
  mutable std::mutex mutex_;
  Current current_;
  std::vector<std::string> failures_;
  ErrorCode last_code_ = ErrorCode::kUnsupported;
};

// Errors that another backend would answer with as well.
bool is_callers(const Error& error) {
  return error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kInvalidArgument;
}

class AutomaticContext final : public Context {
 public:
  AutomaticContext(std::shared_ptr<Choice> choice, std::vector<TensorInfo> inputs)
      : choice_(std::move(choice)), inputs_(std::move(inputs)) {}

  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) override {
    std::vector<ir::Tensor> outputs;
    RETURN_IF_ERROR(run_into(inputs, outputs));
    return outputs;
  }

  Status run_into(std::span<const ir::Tensor> inputs, std::vector<ir::Tensor>& outputs) override {
    RETURN_IF_ERROR(check_inputs(inputs_, inputs));
    return with_first_able([&] { return context_->run_into(inputs, outputs); });
  }

  Result<std::vector<ir::Datum>> run_values(std::span<const ir::Datum> inputs) override {
    RETURN_IF_ERROR(check_inputs(inputs_, inputs));
    return with_first_able([&] { return context_->run_values(inputs); });
  }

  bool enable_profiling() override {
    use(choice_->current().executable);
    profiling_ = true;
    return context_->enable_profiling();
  }
  [[nodiscard]] std::vector<StepProfile> profile() const override {
    return context_ == nullptr ? std::vector<StepProfile>{} : context_->profile();
  }
  [[nodiscard]] std::vector<StepRun> timeline() const override {
    return context_ == nullptr ? std::vector<StepRun>{} : context_->timeline();
  }

 private:
  // What run() gives, with the context of the first candidate that can.
  template <typename Run>
  auto with_first_able(Run run) -> decltype(run()) {
    for (;;) {
      const Choice::Current current = choice_->current();
      use(current.executable);
      context_->set_stop(stop());
      auto result = run();
      if (result.ok() || is_callers(result.error())) return result;
      RETURN_IF_ERROR(choice_->fail(current.place, result.error()));
    }
  }

  void use(const std::shared_ptr<const Executable>& executable) {
    if (context_ != nullptr && executable == executable_) return;
    executable_ = executable;
    context_ = executable_->new_context();
    if (profiling_) context_->enable_profiling();
  }

  std::shared_ptr<Choice> choice_;
  std::vector<TensorInfo> inputs_;
  std::shared_ptr<const Executable> executable_;
  std::unique_ptr<Context> context_;
  bool profiling_ = false;
};

class AutomaticExecutable final : public Executable {
 public:
  AutomaticExecutable(std::shared_ptr<Choice> choice, Concurrency concurrency)
      : Executable(concurrency),
        choice_(std::move(choice)),
        first_(choice_->current().executable) {}

  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return first_->inputs(); }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return first_->outputs(); }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override {
    const std::span<const TensorInfo> infos = first_->inputs();
    return std::make_unique<AutomaticContext>(choice_, std::vector(infos.begin(), infos.end()));
  }
  [[nodiscard]] Result<std::vector<TensorInfo>> plan_for(
      std::span<const ir::TensorType> inputs) const override {
    return choice_->current().executable->plan_for(inputs);
  }
  [[nodiscard]] std::size_t arena_bytes() const override {
    return choice_->current().executable->arena_bytes();
  }
  [[nodiscard]] std::size_t weight_bytes() const override {
    return choice_->current().executable->weight_bytes();
  }
  [[nodiscard]] int threads() const override { return choice_->current().executable->threads(); }
  [[nodiscard]] double slow_share() const override {
    return choice_->current().executable->slow_share();
  }
  [[nodiscard]] std::vector<std::string> notes() const override { return choice_->notes(); }

 private:
  std::shared_ptr<Choice> choice_;
  std::shared_ptr<const Executable> first_;  // what inputs() and outputs() point into
};

}  // namespace

Machine this_machine() {
  const auto isa = select_isa();
  std::error_code failed;
  return {isa.ok() ? *isa : Isa::kScalar, std::filesystem::exists("/dev/nvidia0", failed)};
}

std::vector<Candidate> rank_backends(std::span<const Backend* const> among, const ir::Graph& graph,
                                     const CompileOptions& options, const Machine& machine) {
  std::vector<std::pair<Rank, Candidate>> ranked;
  for (const Backend* backend : among) {
    Candidate candidate{backend, true, {}, options};
    Verdict verdict = judge(*backend, graph, candidate.options, machine);
    candidate.usable = verdict.rank != kUnusable;
    candidate.reason = std::move(verdict.reason);
    ranked.emplace_back(verdict.rank, std::move(candidate));
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Candidate> candidates;
  for (auto& [rank, candidate] : ranked) candidates.push_back(std::move(candidate));
  return candidates;
}

Result<std::shared_ptr<const Executable>> AutomaticBackend::compile(
    ir::Graph graph, const CompileOptions& options) const {
  const Machine machine = machine_ ? *machine_ : this_machine();
  std::vector<Candidate> ranked = rank_backends(among_, graph, options, machine);
  auto choice = std::make_shared<Choice>(std::move(graph), std::move(ranked));
  RETURN_IF_ERROR(choice->advance(0));
  return std::shared_ptr<const Executable>(
      std::make_shared<AutomaticExecutable>(std::move(choice), resolve_concurrency(options)));
}

const Backend& automatic_backend() {
  static const AutomaticBackend backend(backends());
  return backend;
}

}  // namespace lathe::engine

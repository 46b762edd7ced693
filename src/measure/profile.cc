#include "measure/profile.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/statistics.h"
#include "engine/native.h"
#include "measure/random_inputs.h"

namespace lathe::measure {
namespace {

struct Profiled {
  std::unique_ptr<engine::Context> context;
  std::vector<ir::Tensor> inputs;

  Status run(std::int64_t times, const std::function<bool()>& stop_requested) const {
    for (std::int64_t i = 0; i < times; ++i) {
      if (stop_requested && stop_requested())
        return error(ErrorCode::kInterrupted, "before all runs were profiled");
      RETURN_IF_ERROR(context->run(inputs));
    }
    return {};
  }
};

}  // namespace

Result<std::vector<std::vector<engine::StepProfile>>> profile_graphs(
    std::span<const ir::Graph* const> graphs, const ProfileOptions& options) {
  const std::int64_t turn = std::max<std::int64_t>(1, options.runs / 10);
  std::vector<Profiled> all;
  for (const ir::Graph* graph : graphs) {
    ASSIGN_OR_RETURN(const auto executable,
                     engine::native_backend().compile(*graph, options.compile));
    ASSIGN_OR_RETURN(auto inputs, random_inputs(executable->inputs(), options.seed));
    Profiled& profiled = all.emplace_back(Profiled{executable->new_context(), std::move(inputs)});
    RETURN_IF_ERROR(profiled.run(turn, options.stop_requested));
    profiled.context->enable_profiling();
  }
  for (std::int64_t done = 0; done < options.runs; done += turn) {
    for (const Profiled& profiled : all)
      RETURN_IF_ERROR(profiled.run(std::min(turn, options.runs - done), options.stop_requested));
  }
  std::vector<std::vector<engine::StepProfile>> profiles;
  profiles.reserve(all.size());
  for (const Profiled& profiled : all) profiles.push_back(profiled.context->profile());
  return profiles;
}

std::optional<double> interpreter_share(std::span<const engine::StepProfile> steps) {
  double all = 0;
  double interpreted = 0;
  for (const engine::StepProfile& step : steps) {
    all += step.total_ms;
    if (!step.missing.empty()) interpreted += step.total_ms;
  }
  return all > 0 ? std::optional(interpreted / all) : std::nullopt;
}

std::string describe_interpreter_share(std::optional<double> share) {
  if (share.value_or(0) == 0) return {};
  return fmt::format("the reference evaluator took {} of the time of all nodes",
                     *share < 0.01 ? "below 1 %" : fmt::format("{:.0f} %", 100 * *share));
}

Work& Work::operator+=(const Work& other) {
  ms += other.ms;
  share += other.share;
  interpreter_ms += other.interpreter_ms;
  macs += other.macs;
  bytes += other.bytes;
  attainable_ms += other.attainable_ms;
  return *this;
}

std::string_view bound_name(Bound bound) {
  constexpr std::string_view kNames[] = {"", "compute", "memory"};
  return kNames[static_cast<std::size_t>(bound)];
}

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - begin).count();
}

// Runs the model, and keeps what each inference took.
class ModelProfiler {
 public:
  ModelProfiler(const engine::Executable& executable, std::vector<ir::Tensor> inputs,
                const ModelProfileOptions& options)
      : context_(executable.new_context()), inputs_(std::move(inputs)), options_(options) {}

  // Until the caches hold what they will, and the steps are known.
  Status warm_up(std::string_view backend) {
    const Clock::time_point begin = Clock::now();
    RETURN_IF_ERROR(run());
    if (!context_->enable_profiling()) {
      return unsupported("backend '{}' cannot time its steps, native can", backend);
    }
    while (!stopped()) {
      RETURN_IF_ERROR(run());
      if (milliseconds_between(begin, Clock::now()) >= options_.seconds * 100) break;
    }
    return {};
  }

  Status measure() {
    (void)context_->enable_profiling();
    known_ = context_->profile();
    const Clock::time_point begin = Clock::now();
    double seconds = 0;
    while (!stopped() && std::ssize(inferences_) < options_.limit &&
           (inferences_.empty() || seconds < options_.seconds)) {
      const Clock::time_point start = Clock::now();
      RETURN_IF_ERROR(run());
      keep(milliseconds_between(start, Clock::now()));
      seconds = milliseconds_between(begin, Clock::now()) / 1000;
      if (options_.on_progress) {
        const double of_limit = static_cast<double>(inferences_.size()) /
                                static_cast<double>(std::max<std::int64_t>(1, options_.limit));
        options_.on_progress(std::min(1.0, std::max(seconds / options_.seconds, of_limit)));
      }
    }
    if (inferences_.empty())
      return error(ErrorCode::kInterrupted, "before an inference was measured");
    return {};
  }

  void summarize(ModelProfile& profile) {
    profile.interrupted = stopped();
    profile.inferences = std::ssize(inferences_);
    profile.min_ms = *std::min_element(inferences_.begin(), inferences_.end());
    profile.p50_ms = quantile(inferences_, 0.5);
    profile.mean_ms = mean(inferences_);
    profile.outside_ms = std::max(0.0, quantile(outside_, 0.5));
    std::vector<std::size_t> places(known_.size());
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (known_[i].runs == 0) continue;
      places[i] = profile.steps.size();
      profile.steps.push_back(summarize_step(i));
    }
    for (engine::StepRun run : trace_) {
      if (run.step != engine::StepRun::kWholeRun) run.step = places[run.step];
      profile.trace.push_back(run);
    }
    std::stable_sort(profile.trace.begin(), profile.trace.end(), [](const auto& a, const auto& b) {
      return a.begin_ns != b.begin_ns ? a.begin_ns < b.begin_ns : a.end_ns > b.end_ns;
    });
  }

 private:
  static constexpr std::int64_t kTracedInferences = 10;
  static constexpr std::size_t kMostEvents = 100'000;

  Status run() { return context_->run_into(inputs_, outputs_); }
  [[nodiscard]] bool stopped() const {
    return options_.stop_requested && options_.stop_requested();
  }
  static double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }

  // What the steps took since they were asked last.
  void keep(double ms) {
    std::vector<engine::StepProfile> now = context_->profile();
    times_.resize(now.size());
    double outside = ms;
    for (std::size_t i = 0; i < now.size(); ++i) {
      const double took = now[i].total_ms - (i < known_.size() ? known_[i].total_ms : 0);
      times_[i].resize(inferences_.size());  // none before it was known
      times_[i].push_back(took);
      outside -= took;
    }
    known_ = std::move(now);
    inferences_.push_back(ms);
    outside_.push_back(outside);
    if (std::ssize(inferences_) > kTracedInferences) return;
    const std::vector<engine::StepRun> timeline = context_->timeline();
    if (trace_.empty() || trace_.size() + timeline.size() <= kMostEvents)
      trace_.insert(trace_.end(), timeline.begin(), timeline.end());
  }

  ProfiledStep summarize_step(std::size_t i) {
    std::vector<double>& times = times_[i];
    times.resize(inferences_.size());
    const auto inferences = static_cast<double>(inferences_.size());
    ProfiledStep profiled;
    profiled.step = known_[i];
    profiled.runs = static_cast<double>(known_[i].runs) / inferences;
    profiled.min_ms = *std::min_element(times.begin(), times.end());
    profiled.mean_ms = mean(times);
    profiled.work.ms = quantile(times, 0.5);
    profiled.work.macs = static_cast<double>(known_[i].macs) * profiled.runs;
    profiled.work.bytes = static_cast<double>(known_[i].bytes) * profiled.runs;
    if (!known_[i].missing.empty()) profiled.work.interpreter_ms = profiled.work.ms;
    return profiled;
  }

  std::unique_ptr<engine::Context> context_;
  std::vector<ir::Tensor> inputs_;
  std::vector<ir::Tensor> outputs_;
  const ModelProfileOptions& options_;
  std::vector<engine::StepProfile> known_;
  std::vector<double> inferences_;          // ms of each
  std::vector<double> outside_;             // of that, outside of steps
  std::vector<std::vector<double>> times_;  // of each step, by inference
  std::vector<engine::StepRun> trace_;
};

ProfiledGroup& group_of(std::vector<ProfiledGroup>& groups, const std::string& name) {
  const auto known = std::find_if(groups.begin(), groups.end(),
                                  [&](const ProfiledGroup& group) { return group.name == name; });
  return known != groups.end() ? *known : groups.emplace_back(ProfiledGroup{name, 0, {}});
}

// All that follows from the steps.
void add_up(ModelProfile& profile) {
  double whole = profile.outside_ms;
  for (const ProfiledStep& step : profile.steps) whole += step.work.ms;
  const auto share_of = [&](double ms) { return whole > 0 ? ms / whole : 0; };
  profile.total = {.ms = profile.outside_ms, .share = share_of(profile.outside_ms)};
  profile.operators.clear();
  profile.layers.clear();
  for (ProfiledStep& step : profile.steps) {
    step.work.share = share_of(step.work.ms);
    profile.total += step.work;
    ProfiledGroup& op = group_of(profile.operators, step.step.op_type);
    ++op.steps;
    op.work += step.work;
    if (step.layer.empty()) continue;
    ProfiledGroup& layer = group_of(profile.layers, step.layer);
    ++layer.steps;
    layer.work += step.work;
  }
  std::stable_sort(profile.operators.begin(), profile.operators.end(),
                   [](const auto& a, const auto& b) { return a.work.ms > b.work.ms; });
}

std::int64_t batch_of_inputs(const engine::Executable& executable) {
  if (executable.inputs().empty()) return 1;
  const auto& shape = executable.inputs()[0].type.shape;
  return shape && !shape->empty() ? (*shape)[0].value() : 1;
}

}  // namespace

Result<ModelProfile> profile_model(ir::Graph graph, const engine::Backend& backend,
                                   const ModelProfileOptions& options) {
  ASSIGN_OR_RETURN(const auto executable, backend.compile(std::move(graph), options.compile));
  ASSIGN_OR_RETURN(auto inputs, random_inputs(executable->inputs(), options.seed));
  ModelProfiler profiler(*executable, std::move(inputs), options);
  RETURN_IF_ERROR(profiler.warm_up(backend.name()));
  RETURN_IF_ERROR(profiler.measure());
  ModelProfile profile;
  profile.backend_version = backend.version();
  profile.threads = executable->threads();
  profile.batch = batch_of_inputs(*executable);
  profile.notes = executable->notes();
  profiler.summarize(profile);
  std::vector<std::string> names;
  for (const ProfiledStep& step : profile.steps) names.push_back(step.step.name);
  profile.layer_rule = find_layers(names, options.layer_depth);
  for (std::size_t i = 0; i < profile.layer_rule.names.size(); ++i)
    profile.steps[i].layer = profile.layer_rule.names[i];
  add_up(profile);
  return profile;
}

void hold_against(const Roofline& roofline, ModelProfile& profile) {
  for (ProfiledStep& step : profile.steps) {
    const double compute =
        roofline.compute_ms(static_cast<double>(step.step.macs), step.step.multiplies);
    const double memory = roofline.memory_ms(static_cast<double>(step.step.bytes));
    step.work.attainable_ms = step.runs * std::max(compute, memory);
    step.bound = step.work.attainable_ms == 0 ? Bound::kNone
                 : compute >= memory          ? Bound::kCompute
                                              : Bound::kMemory;
  }
  profile.roofline = roofline;
  add_up(profile);
}

}  // namespace lathe::measure

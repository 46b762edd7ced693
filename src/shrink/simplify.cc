#include "shrink/simplify.h"

#include <algorithm>

#include "engine/native.h"
#include "measure/random_inputs.h"
#include "passes/passes.h"

namespace lathe::shrink {
namespace {

// Rules of a later phase give earlier ones something to do a few times at most.
constexpr int kMostRounds = 16;

void add_to(std::vector<passes::RuleReport>& sums, std::span<const passes::RuleReport> reports) {
  for (const passes::RuleReport& report : reports) {
    const auto sum = std::find_if(sums.begin(), sums.end(),
                                  [&](const auto& row) { return row.name == report.name; });
    if (sum == sums.end()) {
      sums.push_back(report);
    } else {
      sum->fired += report.fired;
      sum->milliseconds += report.milliseconds;
    }
  }
}

Result<ir::Graph> apply_rules(ir::Graph graph, const SimplifyOptions& options,
                              std::vector<passes::RuleReport>& sums) {
  for (int round = 0; round < kMostRounds; ++round) {
    std::vector<passes::RuleReport> reports;
    const passes::RunOptions run{
        {options.disabled_passes.begin(), options.disabled_passes.end()}, options.opset, &reports};
    ASSIGN_OR_RETURN(graph, passes::run_phases(std::move(graph), passes::simplify_pipeline(), run));
    add_to(sums, reports);
    if (std::all_of(reports.begin(), reports.end(), [](const auto& r) { return r.fired == 0; }))
      return graph;
  }
  return error(ErrorCode::kInternal, "the rules do not come to an end");
}

// Without the rules that are on trial, so that both sides do not have the same fault.
engine::CompileOptions trial_options(const SimplifyOptions& options) {
  engine::CompileOptions compile = options.extents;
  compile.threads = options.threads;
  compile.leave_open = true;
  for (const passes::Phase phase : passes::simplify_pipeline())
    for (const passes::Rule* rule : phase) compile.disabled_passes.emplace_back(rule->name);
  return compile;
}

// Of open extents: whatever, but equal ones equal and large enough for windows.
std::vector<engine::TensorInfo> closed(std::span<const engine::TensorInfo> infos) {
  constexpr std::int64_t kExtent = 32;
  std::vector<engine::TensorInfo> result(infos.begin(), infos.end());
  for (engine::TensorInfo& info : result) {
    if (!info.type.shape) continue;
    for (ir::Dim& dim : *info.type.shape)
      if (!dim.known()) dim = kExtent;
  }
  return result;
}

class Proof {
 public:
  Proof(const SimplifyOptions& options, Simplified& result) : options_(options), result_(result) {}

  Status run(const ir::Graph& before) {
    auto source = engine::native_backend().compile(before, trial_options(options_));
    if (!source.ok()) {
      result_.unproved = source.error().message();
      return {};
    }
    engine::CompileOptions compile = trial_options(options_);
    // What was fixed is in the graph now.
    compile.shapes.clear();
    compile.dimensions.clear();
    ASSIGN_OR_RETURN(const auto simplified,
                     engine::native_backend().compile(result_.graph, compile));
    for (const ir::ValueId output : before.outputs())
      result_.proof.push_back({before.value(output).name, {}});
    const auto old_context = (*source)->new_context();
    const auto new_context = simplified->new_context();
    for (const auto& sample : options_.samples)
      RETURN_IF_ERROR(compare(*old_context, *new_context, sample, true));
    const std::vector<engine::TensorInfo> infos = closed((*source)->inputs());
    for (std::int64_t i = 0; i < options_.random_samples; ++i) {
      const auto inputs =
          measure::random_inputs(infos, options_.seed + static_cast<std::uint64_t>(i));
      if (!inputs.ok()) {
        note(inputs.error().message());
        break;
      }
      RETURN_IF_ERROR(compare(*old_context, *new_context, *inputs, false));
    }
    if (result_.samples == 0) {
      result_.proof.clear();
      return {};
    }
    result_.unproved.clear();
    return judge();
  }

 private:
  void note(const std::string& reason) {
    if (result_.unproved.empty()) result_.unproved = reason;
  }

  Status compare(engine::Context& before, engine::Context& after,
                 const std::vector<ir::Tensor>& inputs, bool given) {
    const auto expected = before.run(inputs);
    if (!expected.ok()) {
      if (given) return expected.error().with_context("the model as it was");
      note("on random numbers it ends with: " + expected.error().message());
      return {};
    }
    const auto actual = after.run(inputs);
    if (!actual.ok()) return actual.error().with_context("the simplified model");
    for (std::size_t i = 0; i < expected->size(); ++i) {
      RETURN_IF_ERROR(
          result_.proof[i].difference.add((*expected)[i], (*actual)[i]).with_context([&] {
            return fmt::format("output '{}' of the simplified model", result_.proof[i].name);
          }));
    }
    ++result_.samples;
    return {};
  }

  [[nodiscard]] Status judge() const {
    for (const OutputProof& output : result_.proof) {
      const double difference = output.difference.max_relative();
      if (difference <= options_.tolerance) continue;
      return error(
          ErrorCode::kInternal,
          "output '{}' of the simplified model differs by {:.2g} of its largest magnitude, "
          "{:.2g} is allowed",
          output.name, difference, options_.tolerance);
    }
    return {};
  }

  const SimplifyOptions& options_;
  Simplified& result_;
};

}  // namespace

Result<Simplified> simplify(const ir::Graph& graph, const SimplifyOptions& options) {
  Simplified result;
  ASSIGN_OR_RETURN(ir::Graph fixed, engine::fix_shapes(graph, options.extents));
  ASSIGN_OR_RETURN(result.graph, apply_rules(std::move(fixed), options, result.reports));
  RETURN_IF_ERROR(Proof(options, result).run(graph));
  return result;
}

}  // namespace lathe::shrink

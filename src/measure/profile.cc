#include "measure/profile.h"

#include <algorithm>

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

}  // namespace lathe::measure

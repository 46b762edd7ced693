// Running something in a process of its own.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "base/result.h"

namespace lathe::measure {

// Forks, runs `work` in the child and hands its answer over. An error of the work and a crash of
// the child are both errors here. The caller must have no other threads running.
Result<nlohmann::json> run_isolated(const std::function<Result<nlohmann::json>()>& work);

}  // namespace lathe::measure

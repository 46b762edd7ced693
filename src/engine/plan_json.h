// A plan as JSON: what `inspect --plan` prints and compiled models store. What it leaves out are
// the constants' values, the packed weights and the nodes of the interpreter, which are stored
// beside it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/plan.h"

namespace lathe::engine {

nlohmann::json plan_to_json(const Plan& plan);

// The plan that plan_to_json() made it from, with empty constants and nodes of the interpreter.
// Errors name the place in the JSON. It has passed check_plan().
Result<Plan> plan_from_json(const nlohmann::json& json);

nlohmann::json problem_to_json(const kernels::Problem& problem);
Result<kernels::Problem> problem_from_json(const nlohmann::json& json);

}  // namespace lathe::engine

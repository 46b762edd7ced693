// What the native engine will run, for people and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/backend.h"

namespace lathe::cli {

// Of a plan a table of its steps and one of its slots. Where the model is several regions and nodes
// one stage after the other: of a region its plan where the shapes that it gets are known.
std::string plan_text(const engine::Executable& executable);

// Adds "plan"; where that is null, since there are several stages, "stages".
void add_plan_json(const engine::Executable& executable, nlohmann::json& json);

}  // namespace lathe::cli

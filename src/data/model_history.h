// What was done to a model, as the model itself carries it: an array of JSON objects in its
// metadata, one for each step. {"step": "train", ...}, {"step": "quantize", ...}.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.h"
#include "data/preprocess.h"

namespace lathe::data {

inline constexpr std::string_view kHistoryKey = "lathe.history";

// Of a model without a history an empty array; an error where what it carries is no array. Whoever
// is going to append a step asks this before the work that makes one.
Result<nlohmann::json> read_history_steps(const Metadata& metadata);
Status append_history_step(const nlohmann::json& step, Metadata& metadata);

}  // namespace lathe::data

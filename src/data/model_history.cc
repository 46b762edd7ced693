#include "data/model_history.h"

#include "base/json_text.h"

namespace lathe::data {

Result<nlohmann::json> read_history_steps(const Metadata& metadata) {
  const auto found = metadata.find(kHistoryKey);
  if (found == metadata.end() || found->second.empty()) return nlohmann::json::array();
  ASSIGN_OR_RETURN(nlohmann::json steps, parse_json(found->second).with_context(kHistoryKey));
  if (!steps.is_array()) return invalid_data("{}: expected a JSON array", kHistoryKey);
  return steps;
}

Status append_history_step(const nlohmann::json& step, Metadata& metadata) {
  ASSIGN_OR_RETURN(nlohmann::json steps, read_history_steps(metadata));
  steps.push_back(step);
  metadata.insert_or_assign(std::string(kHistoryKey), json_text(steps));
  return {};
}

}  // namespace lathe::data

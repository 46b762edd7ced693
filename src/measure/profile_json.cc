// A profile as JSON.
#include <cmath>
#include <nlohmann/json.hpp>

#include "measure/profile.h"

namespace lathe::measure {
namespace {

// What was not measured, or makes no sense, is null.
nlohmann::json positive_or_null(double value) {
  return value > 0 ? nlohmann::json(value) : nlohmann::json();
}

void add_work(nlohmann::json& json, const Work& work, bool with_roofline) {
  json["p50_ms"] = work.ms;
  json["share"] = work.share;
  json["macs"] = std::llround(work.macs);
  json["bytes"] = std::llround(work.bytes);
  json["gflops"] = positive_or_null(work.gflops());
  json["gb_per_s"] = positive_or_null(work.gb_per_s());
  if (!with_roofline) return;
  json["attainable_ms"] = positive_or_null(work.attainable_ms);
  json["roofline_share"] = positive_or_null(work.roofline_share());
}

nlohmann::json step_json(const ProfiledStep& step, bool with_roofline) {
  nlohmann::json json{{"name", step.step.name},     {"op_type", step.step.op_type},
                      {"kernel", step.step.kernel}, {"interpreted", !step.step.missing.empty()},
                      {"layer", step.layer},        {"threads", step.step.threads},
                      {"runs", step.runs},          {"min_ms", step.min_ms},
                      {"mean_ms", step.mean_ms}};
  if (!step.step.missing.empty()) json["missing"] = step.step.missing;
  if (step.step.macs > 0) json["multiplies"] = ir::data_type_name(step.step.multiplies);
  add_work(json, step.work, with_roofline);
  if (with_roofline) {
    json["bound"] =
        step.bound == Bound::kNone ? nlohmann::json() : nlohmann::json(bound_name(step.bound));
  }
  return json;
}

nlohmann::json groups_json(std::span<const ProfiledGroup> groups, bool with_roofline) {
  nlohmann::json list = nlohmann::json::array();
  for (const ProfiledGroup& group : groups) {
    nlohmann::json json{{"name", group.name},
                        {"nodes", group.steps},
                        {"interpreter_ms", group.work.interpreter_ms}};
    add_work(json, group.work, with_roofline);
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

nlohmann::json to_json(const ModelProfile& profile) {
  const bool with_roofline = profile.roofline.has_value();
  nlohmann::json json{{"backend_version", profile.backend_version},
                      {"threads", profile.threads},
                      {"batch", profile.batch},
                      {"inferences", profile.inferences},
                      {"interrupted", profile.interrupted},
                      {"min_ms", profile.min_ms},
                      {"p50_ms", profile.p50_ms},
                      {"mean_ms", profile.mean_ms},
                      {"outside_ms", profile.outside_ms},
                      {"interpreter_ms", profile.total.interpreter_ms},
                      {"macs", std::llround(profile.total.macs)},
                      {"bytes", std::llround(profile.total.bytes)},
                      {"gflops", positive_or_null(profile.total.gflops())},
                      {"gb_per_s", positive_or_null(profile.total.gb_per_s())},
                      {"nodes", nlohmann::json::array()},
                      {"operators", groups_json(profile.operators, with_roofline)},
                      {"layers", groups_json(profile.layers, with_roofline)},
                      {"layer_rule", describe(profile.layer_rule)},
                      {"notes", profile.notes}};
  const double whole = profile.total.ms;
  json["outside_share"] = whole > 0 ? profile.outside_ms / whole : 0;
  json["interpreter_share"] = whole > 0 ? profile.total.interpreter_ms / whole : 0;
  for (const ProfiledStep& step : profile.steps)
    json["nodes"].push_back(step_json(step, with_roofline));
  if (with_roofline) {
    json["peaks"] = to_json(*profile.roofline);
    json["attainable_ms"] = positive_or_null(profile.total.attainable_ms);
    json["roofline_share"] = positive_or_null(profile.total.roofline_share());
  }
  return json;
}

}  // namespace lathe::measure

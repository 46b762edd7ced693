#include "report/profile_trace.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json_text.h"

namespace lathe::report {
namespace {

using engine::StepRun;
using measure::ProfiledStep;

constexpr int kProcess = 1;
constexpr int kCaller = 1;

nlohmann::json name_event(const char* what, const std::string& name) {
  return {
      {"name", what}, {"ph", "M"}, {"pid", kProcess}, {"tid", kCaller}, {"args", {{"name", name}}}};
}

nlohmann::json event(const std::string& name, const std::string& category, const StepRun& run,
                     nlohmann::json args) {
  return {{"name", name},
          {"cat", category},
          {"ph", "X"},
          {"ts", static_cast<double>(run.begin_ns) / 1000},
          {"dur", static_cast<double>(run.end_ns - run.begin_ns) / 1000},
          {"pid", kProcess},
          {"tid", kCaller},
          {"args", std::move(args)}};
}

nlohmann::json args_of(const ProfiledStep& step) {
  nlohmann::json args{{"operator", step.step.op_type},
                      {"kernel", step.step.kernel},
                      {"threads", step.step.threads}};
  if (!step.layer.empty()) args["layer"] = step.layer;
  if (!step.step.missing.empty()) args["missing"] = step.step.missing;
  if (step.step.macs > 0) args["macs"] = step.step.macs;
  if (step.step.bytes > 0) args["bytes"] = step.step.bytes;
  return args;
}

}  // namespace

std::string to_trace(const ProfileTitle& title, const measure::ModelProfile& profile) {
  nlohmann::json events = nlohmann::json::array();
  events.push_back(name_event("process_name", fmt::format("{}, {}", title.model, title.backend)));
  events.push_back(name_event("thread_name", "caller"));
  int inferences = 0;
  for (const StepRun& run : profile.trace) {
    if (run.step == StepRun::kWholeRun) {
      events.push_back(event(fmt::format("inference {}", ++inferences), "inference", run,
                             {{"threads", profile.threads}, {"batch", profile.batch}}));
      continue;
    }
    const ProfiledStep& step = profile.steps[run.step];
    const std::string& name = step.step.name.empty() ? step.step.op_type : step.step.name;
    events.push_back(event(name, step.step.op_type, run, args_of(step)));
  }
  return json_text({{"traceEvents", std::move(events)},
                    {"displayTimeUnit", "ns"},
                    {"otherData", {{"made_by", std::string("Lathe ") + LATHE_VERSION}}}}) +
         "\n";
}

}  // namespace lathe::report

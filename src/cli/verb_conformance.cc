#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "base/words.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "measure/conformance.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

using measure::CaseResult;
using measure::Outcome;

struct Call {
  std::vector<std::string> folders;
  std::string backend = "native";
  std::string filter;
  std::int64_t min_pass = 0;
  bool verbose = false;
  measure::Tolerance tolerance;
  OutputOptions output;
};

// How many of each outcome.
struct Counts {
  std::int64_t of[4] = {};
  [[nodiscard]] std::int64_t operator[](Outcome outcome) const {
    return of[static_cast<std::size_t>(outcome)];
  }
  void add(Outcome outcome) { ++of[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] std::int64_t total() const { return of[0] + of[1] + of[2] + of[3]; }
};

constexpr Outcome kOutcomes[] = {Outcome::kPassed, Outcome::kFailed, Outcome::kUnsupported,
                                 Outcome::kSkipped};

Counts count(const std::vector<CaseResult>& results) {
  Counts counts;
  for (const CaseResult& result : results) counts.add(result.outcome);
  return counts;
}

// A case counts for each operator that it has.
std::map<std::string, Counts> by_operator(const std::vector<CaseResult>& results) {
  std::map<std::string, Counts> operators;
  for (const CaseResult& result : results) {
    for (const std::string& type : result.operators) operators[type].add(result.outcome);
  }
  return operators;
}

nlohmann::json to_json(const Counts& counts) {
  nlohmann::json json{{"total", counts.total()}};
  for (const Outcome outcome : kOutcomes)
    json[std::string(measure::outcome_name(outcome))] = counts[outcome];
  return json;
}

nlohmann::json to_json(const Call& call, const std::vector<CaseResult>& results) {
  nlohmann::json json = to_json(count(results));
  json["backend"] = call.backend;
  json["operators"] = nlohmann::json::array();
  for (const auto& [type, counts] : by_operator(results)) {
    nlohmann::json row = to_json(counts);
    row["operator"] = type;
    json["operators"].push_back(std::move(row));
  }
  json["cases"] = nlohmann::json::array();
  for (const CaseResult& result : results) {
    nlohmann::json row{{"name", result.name}, {"outcome", measure::outcome_name(result.outcome)}};
    if (!result.message.empty()) row["message"] = result.message;
    json["cases"].push_back(std::move(row));
  }
  return json;
}

std::string table(const Call& call, const std::vector<CaseResult>& results) {
  using report::Align;
  report::TextTable table({{"operator", Align::kLeft, 24},
                           {"cases", Align::kRight},
                           {"passed", Align::kRight},
                           {"failed", Align::kRight},
                           {"unsupported", Align::kRight},
                           {"skipped", Align::kRight}});
  const auto add = [&](const std::string& name, const Counts& counts) {
    std::vector<std::string> cells{name, grouped(counts.total())};
    for (const Outcome outcome : kOutcomes)
      cells.push_back(counts[outcome] == 0 ? "" : grouped(counts[outcome]));
    table.add_row(std::move(cells));
  };
  // What nobody can run fills pages: a line for all of it, unless it is asked for.
  std::int64_t left_out = 0;
  for (const auto& [type, counts] : by_operator(results)) {
    if (!call.verbose && counts[Outcome::kPassed] + counts[Outcome::kFailed] == 0) {
      ++left_out;
      continue;
    }
    add(type, counts);
  }
  table.add_separator();
  add("all", count(results));
  std::string text = table.to_string(report::stdout_is_terminal());
  if (left_out > 0) {
    text += fmt::format("{} without a case that runs: --verbose shows them\n",
                        counted(left_out, "operator"));
  }
  return text;
}

std::string complaints(const Call& call, const std::vector<CaseResult>& results) {
  std::string text;
  for (const CaseResult& result : results) {
    const bool shown =
        result.outcome == Outcome::kFailed || (call.verbose && result.outcome != Outcome::kPassed);
    if (!shown) continue;
    text += fmt::format("{} {}: {}\n", measure::outcome_name(result.outcome), result.name,
                        result.message);
  }
  return text;
}

// The cases of all folders with their names; those of several folders begin with the folder's.
Result<std::vector<std::pair<std::string, Path>>> cases_of(const Call& call) {
  std::vector<std::pair<std::string, Path>> cases;
  for (const std::string& folder : call.folders) {
    ASSIGN_OR_RETURN(const std::vector<Path> found, measure::find_cases(folder));
    for (const Path& path : found) {
      std::string name = path == Path(folder) ? path.filename().string()
                                              : path.lexically_relative(folder).string();
      if (call.folders.size() > 1) name = (Path(folder).filename() / name).string();
      if (name.find(call.filter) != std::string::npos) cases.emplace_back(std::move(name), path);
    }
  }
  if (cases.empty())
    return invalid_argument("--filter {}: no case has that in its name", call.filter);
  return cases;
}

Status judge(const Call& call, const Counts& counts) {
  if (counts[Outcome::kPassed] < call.min_pass) {
    return error(ErrorCode::kInvalidData, "{} passed, --min-pass wants {}",
                 counted(counts[Outcome::kPassed], "case"), call.min_pass);
  }
  if (counts[Outcome::kFailed] > 0) {
    return error(ErrorCode::kInvalidData, "{} failed", counted(counts[Outcome::kFailed], "case"));
  }
  return {};
}

Status run(const Call& call) {
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(call.backend));
  if (const engine::Availability there = backend->available(); !there.available)
    return error(ErrorCode::kUnavailable, "{}: {}", call.backend, there.reason);
  ASSIGN_OR_RETURN(const auto cases, cases_of(call));
  const CatchInterrupts catching;
  std::vector<CaseResult> results;
  {
    Progress progress("cases", std::ssize(cases), !call.output.quiet);
    for (const auto& [name, path] : cases) {
      if (interrupted()) break;
      results.push_back(measure::run_case(path, name, *backend, call.tolerance));
      progress.update(std::ssize(results));
    }
  }
  if (call.output.json) {
    print_json(to_json(call, results));
  } else {
    print(table(call, results) + complaints(call, results));
  }
  if (interrupted()) {
    return interruption("{} of {} cases were run", grouped(std::ssize(results)),
                        grouped(std::ssize(cases)));
  }
  return judge(call, count(results));
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("FOLDER", call->folders,
                 "Folders with ONNX backend tests, at any depth: model.onnx and test_data_set_0")
      ->required();
  app.add_option("--backend", call->backend, "What runs them")->capture_default_str();
  app.add_option("--filter", call->filter, "Only cases with this text in their name");
  app.add_option("--min-pass", call->min_pass, "Fail where fewer cases pass")
      ->capture_default_str()
      ->check(kNonNegativeNumber);
  app.add_option("--rtol", call->tolerance.relative, "Relative tolerance")
      ->capture_default_str()
      ->check(kNonNegativeNumber);
  app.add_option("--atol", call->tolerance.absolute, "Absolute tolerance")
      ->capture_default_str()
      ->check(kNonNegativeNumber);
  app.add_flag("--verbose", call->verbose, "Show what is unsupported or skipped too, and why");
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb conformance_verb() {
  return {"conformance", "Run ONNX backend tests: passed, failed, unsupported, by operator",
          declare,
          "lathe conformance /usr/share/libonnx-testdata/data/node\n"
          "lathe conformance node --backend reference --min-pass 200 --json"};
}

}  // namespace lathe::cli

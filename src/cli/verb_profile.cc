#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "base/progress.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "cli/verb.h"
#include "formats/model_file.h"
#include "measure/profile.h"
#include "measure/system_info.h"
#include "report/format.h"
#include "report/profile_page.h"
#include "report/profile_table.h"
#include "report/profile_trace.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::string backend = "native";
  int threads = 1;
  std::int64_t batch = 1;
  bool batch_given = false;
  CompileFlags compile;
  double seconds = 2;
  std::int64_t limit = 1000;
  std::uint64_t seed = 0;
  std::int64_t top = 12;
  bool all = false;
  int layer_depth = 0;
  bool no_peaks = false;
  std::string html;
  std::string trace;
  std::string command;  // the call as it was made
  OutputFiles files;
  OutputOptions output;
};

Status check(Call& call) {
  constexpr double kDay = 86400;
  RETURN_IF_ERROR(check_range("--seconds", call.seconds, 1e-3, kDay));
  call.files.reads("MODEL", call.model);
  call.files.writes("--html", call.html);
  call.files.writes("--trace", call.trace);
  return call.files.check(call.output);
}

Result<measure::ModelProfile> profile_of(const Call& call) {
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(call.backend));
  if (const auto state = backend->available(); !state.available)
    return Error(ErrorCode::kUnavailable, state.reason);
  measure::ModelProfileOptions options;
  ASSIGN_OR_RETURN(options.compile, call.compile.parse());
  options.compile.threads = call.threads;
  options.compile.batch = call.batch;
  options.seed = call.seed;
  options.seconds = call.seconds;
  options.limit = call.limit;
  options.layer_depth = call.layer_depth;
  options.stop_requested = interrupted;
  constexpr std::int64_t kSteps = 1000;
  Progress progress("profiling", kSteps, !call.output.quiet);
  options.on_progress = [&](double share) {
    progress.update(static_cast<std::int64_t>(share * static_cast<double>(kSteps)));
  };
  ASSIGN_OR_RETURN(ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  if (call.batch_given) RETURN_IF_ERROR(check_batch(graph, options.compile, call.model));
  return measure::profile_model(std::move(graph), *backend, options).with_context(call.model);
}

void print_profile(const Call& call, const report::ProfileTitle& title,
                   const measure::ModelProfile& profile, const measure::SystemInfo& system) {
  if (call.output.json) {
    nlohmann::json json = measure::to_json(profile);
    json["model"] = call.model;
    json["backend"] = call.backend;
    json["system"] = measure::to_json(system);
    return print_json(json);
  }
  const std::size_t top = call.all ? 0 : static_cast<std::size_t>(call.top);
  call.files.print(report::profile_text(title, profile, top, report::stdout_is_terminal()));
}

Status write_files(const Call& call, const report::ProfileTitle& title,
                   const measure::ModelProfile& profile, const measure::SystemInfo& system) {
  if (!call.trace.empty())
    RETURN_IF_ERROR(write_file_atomic(call.trace, report::to_trace(title, profile)));
  if (call.html.empty()) return {};
  return write_file_atomic(call.html,
                           to_html(report::ProfilePage{.title = title,
                                                       .profile = profile,
                                                       .system = describe(system),
                                                       .command = call.command,
                                                       .generated_at = report::current_time()}));
}

Status run(Call& call) {
  RETURN_IF_ERROR(check(call));
  const CatchInterrupts catching;
  const measure::SystemInfo system = measure::system_info(false);
  ASSIGN_OR_RETURN(measure::ModelProfile profile, profile_of(call));
  if (!call.no_peaks && !profile.interrupted) {
    ASSIGN_OR_RETURN(const measure::Roofline roofline,
                     measure::measure_roofline(system, profile.threads));
    measure::hold_against(roofline, profile);
  }
  const report::ProfileTitle title{Path(call.model).filename().string(), call.backend};
  print_profile(call, title, profile, system);
  if (profile.interrupted) {
    return interruption("after {} of at most {} inferences{}", profile.inferences, call.limit,
                        call.html.empty() && call.trace.empty() ? "" : "; no file was written");
  }
  return write_files(call, title, profile, system);
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  app.add_option("--backend", call->backend, "native, or auto where that chooses native")
      ->capture_default_str()
      ->offer({"native", "auto"});
  app.add_option("--threads", call->threads,
                 "Threads of an inference, and of the peaks (0: the allowed cores)")
      ->capture_default_str()
      ->check(kNonNegativeNumber);
  const Option batch = app.add_option("--batch", call->batch, "Samples at a time")
                           ->capture_default_str()
                           ->check(kPositiveNumber);
  call->compile.declare(app, false);
  app.add_option("--seconds", call->seconds, "Measuring time at most")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_option("--limit", call->limit, "Measure at most so many inferences")
      ->capture_default_str()
      ->check(in_range(1, 100'000));
  app.add_option("--seed", call->seed, "Seed of the random input");
  app.add_option("--top", call->top, "Show so many nodes and layers, the longest first")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_flag("--all", call->all, "Show all nodes and layers");
  app.add_option("--layer-depth", call->layer_depth,
                 "So many parts of the nodes' names make a layer (0: as many as give at most 40)")
      ->capture_default_str()
      ->check(in_range(0, 100));
  app.add_flag("--no-peaks", call->no_peaks,
               "Do not measure what the machine could do, which takes some 2 seconds");
  app.add_option("--html", call->html, "Write a page with charts to this file");
  app.add_option("--trace", call->trace,
                 "Write the first inferences as a trace for Perfetto or chrome://tracing");
  call->files.declare(app);
  call->output.declare(app);
  return [call, app, batch] {
    call->batch_given = batch->count() > 0;
    call->command = command_line(app.app());
    return run(*call);
  };
}

}  // namespace

Verb profile_verb() {
  return {"profile", "Show where the time of a model goes, node by node", declare,
          "lathe profile resnet18.onnx\n"
          "lathe profile resnet18.onnx --html profile.html --trace profile.json"};
}

}  // namespace lathe::cli

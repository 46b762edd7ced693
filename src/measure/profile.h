// Where the time of a model goes, step by step.
//
//   ASSIGN_OR_RETURN(ModelProfile profile, profile_model(graph, native_backend(), {.seconds = 1}));
//   ASSIGN_OR_RETURN(const Roofline roofline, measure_roofline(system, profile.threads));
//   hold_against(roofline, profile);
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/backend.h"
#include "measure/layers.h"
#include "measure/roofline.h"

namespace lathe::measure {

struct ProfileOptions {
  engine::CompileOptions compile = {.threads = 1};
  std::int64_t runs = 200;  // of each graph
  std::uint64_t seed = 0;   // of the inputs' random values
  // Asked between runs; true ends the work with kInterrupted.
  std::function<bool()> stop_requested = {};
};

// Per-step times of each graph on the native engine, steps in the order of execution. The graphs
// take turns, a tenth of the runs at a time, so that what the machine does meanwhile meets all of
// them alike.
Result<std::vector<std::vector<engine::StepProfile>>> profile_graphs(
    std::span<const ir::Graph* const> graphs, const ProfileOptions& options);

// Of the time of all steps the share, 0 to 1, of those that the reference evaluator computed;
// nothing where no step took any time.
std::optional<double> interpreter_share(std::span<const engine::StepProfile> steps);
// "the reference evaluator took 87 % of the time of all nodes"; empty where it took none.
std::string describe_interpreter_share(std::optional<double> share);

// The work of one inference, or of a part of it, and its time. What several parts take is the sum
// of their medians.
struct Work {
  double ms = 0;              // median over the inferences
  double share = 0;           // of the inference, 0 to 1
  double interpreter_ms = 0;  // of `ms`, in the reference evaluator
  double macs = 0;
  double bytes = 0;          // read and written by each step once
  double attainable_ms = 0;  // the least that a roofline allows; 0 where there is none

  [[nodiscard]] double gflops() const { return ms > 0 ? 2e-6 * macs / ms : 0; }
  [[nodiscard]] double gb_per_s() const { return ms > 0 ? 1e-6 * bytes / ms : 0; }
  [[nodiscard]] double roofline_share() const { return ms > 0 ? attainable_ms / ms : 0; }
  Work& operator+=(const Work& other);
};

enum class Bound { kNone, kCompute, kMemory };
std::string_view bound_name(Bound bound);  // "", "compute", "memory"

struct ProfiledStep {
  engine::StepProfile step;  // with macs and bytes of one run; `runs` and time are of all
  std::string layer;         // empty where there are none
  Work work;                 // of one inference, which may run the step several times
  double runs = 0;           // of one inference
  double min_ms = 0;
  double mean_ms = 0;
  Bound bound = Bound::kNone;  // what keeps its attainable time from being less
};

struct ProfiledGroup {
  std::string name;
  std::int64_t steps = 0;
  Work work;
};

struct ModelProfile {
  std::string backend_version = {};
  int threads = 1;
  std::int64_t batch = 1;
  std::vector<std::string> notes = {};  // Executable::notes
  std::int64_t inferences = 0;          // that were measured
  bool interrupted = false;             // before all were
  double min_ms = 0;                    // of an inference, all that is in it
  double p50_ms = 0;
  double mean_ms = 0;
  Work total;                                 // of all steps and what is outside of them
  double outside_ms = 0;                      // median of an inference's time outside of its steps
  std::vector<ProfiledStep> steps = {};       // that ran, in the order in which they first did
  std::vector<ProfiledGroup> operators = {};  // the longest first
  std::vector<ProfiledGroup> layers = {};     // in the order of their first steps
  Layers layer_rule = {};
  // The first inferences measured, with their steps, numbered as in `steps`: by their begin, what
  // contains others first.
  std::vector<engine::StepRun> trace = {};
  std::optional<Roofline> roofline = {};
};

struct ModelProfileOptions {
  engine::CompileOptions compile = {.threads = 1};
  std::uint64_t seed = 0;  // of the inputs' random values
  // Of measuring, after a warm-up of a tenth of that and two inferences at least; ends earlier
  // after so many inferences.
  double seconds = 2;
  std::int64_t limit = 1000;
  int layer_depth = 0;  // as find_layers() takes it
  // Asked between inferences; true ends the measuring, kInterrupted where nothing was measured.
  std::function<bool()> stop_requested = {};
  std::function<void(double share)> on_progress = {};
};

// Inferences one after the other on random inputs. kUnsupported where the backend cannot time its
// steps. Nothing is held against a roofline.
Result<ModelProfile> profile_model(ir::Graph graph, const engine::Backend& backend,
                                   const ModelProfileOptions& options);

void hold_against(const Roofline& roofline, ModelProfile& profile);

nlohmann::json to_json(const ModelProfile& profile);

}  // namespace lathe::measure

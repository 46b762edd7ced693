// How models are run: one small interface over Lathe's own engine and those of others.
//
//   ASSIGN_OR_RETURN(auto executable, native_backend().compile(graph, {.threads = 1}));
//   auto context = executable->new_context();
//   ASSIGN_OR_RETURN(std::vector<Tensor> outputs, context->run(inputs));
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/datum.h"
#include "ir/graph.h"

namespace lathe {
class ThreadPool;
}

namespace lathe::engine {

// Becomes true when somebody no longer wants what is being computed. Null: nobody will.
using StopFlag = std::shared_ptr<const std::atomic<bool>>;

// What matters more: the time of one inference, or how many are done in a second.
enum class Preference { kLatency, kThroughput };

// What float32 operators are computed in. Integer operators are exact whatever it is.
enum class Precision { kFloat32, kBFloat16, kFloat16 };
std::string_view precision_name(Precision precision);  // "f32", "bf16", "f16"
Result<Precision> parse_precision(std::string_view name);

// A backend refuses what it cannot keep to (kUnsupported), rather than do something else.
struct CompileOptions {
  int threads = 0;  // of one inference; 0: the allowed cores, shared out among the streams
  // For the first axis of an input where that is unknown; what a run brings takes precedence where
  // the backend takes any (TensorInfo::accepted).
  std::int64_t batch = 1;
  // Fixed: for unknown extents of inputs, by the names of the extents.
  std::map<std::string, std::int64_t> dimensions = {};
  // Fixed: for whole inputs, by their names; "" is the only input of a model that has one.
  std::map<std::string, std::vector<std::int64_t>> shapes = {};
  // An extent that nobody gave is an error; or it is left to the runs, where the backend can.
  bool leave_open = false;
  // Inferences that submit() keeps in flight. 0: one for kLatency, for kThroughput as many as the
  // allowed cores have room for.
  int streams = 0;
  Preference preference = Preference::kLatency;
  Precision precision = Precision::kFloat32;
  // Of large images: convolutional parts are computed in strips of about so many rows, where that
  // takes less memory (passes/tile_rows.h). 0: whole.
  std::int64_t tile_rows = 0;
  std::int64_t memory_limit = 0;  // bytes of weights and of all streams' arenas; 0: none
  // Native measures which kernels are the fastest here, where it does not know yet, and remembers
  // it for this machine (engine/tuner.h). Otherwise it takes those expected to be.
  bool tune = false;
  // Execution providers of onnxruntime in order of preference, e.g. "tensorrt", "cuda", "cpu"; the
  // processor's alone where there are none. Other backends know no providers.
  std::vector<std::string> providers = {};
  // By provider, as that provider names them: {"cuda", {{"device_id", "0"}}}.
  std::map<std::string, std::map<std::string, std::string>> provider_options = {};
  // What contexts of native compute with, in turns (ThreadPool::Turn), instead of threads of their
  // own; `threads` is then 0 or the pool's. Any number of executables may share it.
  std::shared_ptr<ThreadPool> pool = {};
  // Rewrites that native and lowered leave out, by name (passes::all_rules).
  std::vector<std::string> disabled_passes = {};
  // Executable::notes() say what each rewrite did: how often, and how long it took.
  bool report_passes = false;
};

// Threads and streams once what was left open is decided.
struct Concurrency {
  int threads = 1;
  int streams = 1;
};
Concurrency resolve_concurrency(const CompileOptions& options);

struct TensorInfo {
  std::string name;
  // What the executable is compiled for. Every extent is known, save those of outputs that only a
  // run can tell, and those that CompileOptions::leave_open leaves to the runs.
  ir::TensorType type;
  // Of an input: what a run may bring. Extents are symbolic where the model leaves them open,
  // nobody has fixed them and the backend takes any; equal ones are equal in one run. Of an output:
  // what comes out of them.
  ir::TensorType accepted;
  // Of a sequence, an optional or a map: what it is, and nothing is known of the types above. Of a
  // tensor nothing is known here.
  ir::Type container = {};
};

// What one step of an executable does, and the time it took, summed over its runs.
struct StepProfile {
  std::string name;     // of the node
  std::string op_type;  // as in the graph; "Conv+Add+Relu" where nodes were fused
  std::string kernel;   // what computed it; "control flow" for a node that runs graphs
  std::string missing;  // why no kernel did: "no kernel for float16"; empty where one did
  // Of one run: multiply-accumulates and the type of what they multiply, kInt8, kBFloat16 or
  // kFloat32; bytes that it reads and writes, packed weights among them, each once; 0 where it
  // cannot be told.
  std::int64_t macs = 0;
  ir::DataType multiplies = ir::DataType::kUndefined;
  std::int64_t bytes = 0;
  int threads = 1;
  std::int64_t runs = 0;
  double total_ms = 0;
};

// One run of a step, in nanoseconds since profiling was enabled.
struct StepRun {
  static constexpr auto kWholeRun = static_cast<std::size_t>(-1);
  std::size_t step = 0;  // of Context::profile(); kWholeRun for the run of all
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;  // with the steps of the graphs that it ran
};

// One running inference: owns its arena and threads. For one caller at a time.
class Context {
 public:
  virtual ~Context() = default;
  // Inputs in the order of Executable::inputs(), of types that those accept; outputs likewise.
  virtual Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) = 0;
  // The same into tensors of before: one of the type that comes out, and shared with nobody, is
  // written to; others are replaced. After an error they hold anything.
  // Borrowed memory (Tensor::is_borrowed_writable) is never replaced: what does not fit is an
  // error.
  virtual Status run_into(std::span<const ir::Tensor> inputs, std::vector<ir::Tensor>& outputs);
  // The same as run() of models that take or make what is no tensor, which run() refuses. By
  // default those are refused here too (kUnsupported).
  virtual Result<std::vector<ir::Datum>> run_values(std::span<const ir::Datum> inputs);
  // Runs from here on end with kInterrupted soon after the flag is set: native looks at it between
  // steps, and `auto` where it computes with that; others do not.
  void set_stop(StopFlag stop) { stop_ = std::move(stop); }
  // From here on runs are timed step by step, from zero. False where the backend cannot.
  virtual bool enable_profiling() { return false; }
  // Steps in the order of execution, and behind them those that came up since; for another shape
  // they are steps of their own. The time of a node that runs graphs is without that of their
  // steps.
  [[nodiscard]] virtual std::vector<StepProfile> profile() const { return {}; }
  // The last run, then its steps as they ended; of very long runs only the begin.
  [[nodiscard]] virtual std::vector<StepRun> timeline() const { return {}; }

 protected:
  [[nodiscard]] const StopFlag& stop() const { return stop_; }

 private:
  StopFlag stop_;
};

// kInterrupted where the flag is set.
inline Status check_stop(const std::atomic<bool>* stop) {
  if (stop == nullptr || !stop->load(std::memory_order_relaxed)) return {};
  return error(ErrorCode::kInterrupted, "the inference was cancelled");
}

// Puts what a run has made in the place of outputs of before, or copies it to what these borrow:
// all of it or, with an error, nothing.
Status hand_over(std::vector<ir::Tensor> made, std::span<const TensorInfo> infos,
                 std::vector<ir::Tensor>& outputs);
// The error of output i's borrowed memory that is for another type, or shared by a second tensor.
Error unfit_output(std::size_t i, std::string_view name, const ir::Tensor& given,
                   const ir::TensorType& type);

using Outputs = Result<std::vector<ir::Tensor>>;

// When the future of a request becomes ready.
enum class Completion {
  kAny,      // as soon as its outputs are there
  kInOrder,  // then, but not before those of all earlier requests in order
};

class RequestQueue;

// A graph compiled for this machine, and for the shapes that its inputs() tell. Share it between
// threads.
class Executable {
 public:
  explicit Executable(Concurrency concurrency = {});
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;
  virtual ~Executable();  // waits for requests in flight

  [[nodiscard]] virtual std::span<const TensorInfo> inputs() const = 0;
  [[nodiscard]] virtual std::span<const TensorInfo> outputs() const = 0;
  // The context may outlive the executable.
  [[nodiscard]] virtual std::unique_ptr<Context> new_context() const = 0;

  // Runs the inputs as soon as one of the streams is free; each stream is a context with a thread
  // of its own, made by the first call. Requests begin in the order of submission. Their number is
  // not bounded, and each holds its inputs: whoever submits waits for old ones before long. With
  // `stop` set, one that has not begun does not, and one that has ends as Context::set_stop() says.
  std::future<Outputs> submit(std::vector<ir::Tensor> inputs,
                              Completion completion = Completion::kAny, StopFlag stop = {}) const;
  [[nodiscard]] int streams() const { return concurrency_.streams; }
  // What one inference computes with. May be fewer than were asked for, which notes() then say.
  [[nodiscard]] virtual int threads() const { return concurrency_.threads; }

  // What inputs of these types, which inputs() accept, make of the outputs: as outputs() has it
  // where they are what the executable is compiled for. Makes ready what running them takes, where
  // that is kept (native). Extents stay open that only a run can tell.
  [[nodiscard]] virtual Result<std::vector<TensorInfo>> plan_for(
      std::span<const ir::TensorType> inputs) const;

  // What one context's intermediate values take, known in advance; 0 where the backend cannot tell.
  [[nodiscard]] virtual std::size_t arena_bytes() const { return 0; }
  // Weights as held in memory, shared by all contexts; 0 where the backend cannot tell.
  [[nodiscard]] virtual std::size_t weight_bytes() const { return 0; }
  // Of the work of one inference (multiply-accumulates, and elements read and written) the share,
  // 0 to 1, that runs in the slow reference evaluator for want of a kernel.
  [[nodiscard]] virtual double slow_share() const { return 0; }
  // What compiling decided that its user should know, a line each: which provider computes and why
  // not another, which backend stands behind `auto`, which nodes are slow, fewer threads than asked
  // for.
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }

 private:
  const Concurrency concurrency_;
  mutable std::once_flag first_request_;
  mutable std::unique_ptr<RequestQueue> queue_;
};

struct Availability {
  bool available = true;
  std::string reason;  // why not, and what to do about it
};

// Stateless; thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string version() const = 0;
  // Looks for the library that it needs, where it needs one.
  [[nodiscard]] virtual Availability available() const { return {}; }
  // What can stand in CompileOptions::providers here, most capable first.
  [[nodiscard]] virtual std::vector<std::string> providers() const { return {}; }
  // Whether it knows every operator, as far as that can be told without compiling; the error names
  // those it does not. Compiled models are for Lathe's own backends.
  [[nodiscard]] virtual Status supports(const ir::Graph& graph) const;
  // `graph` has passed ops::infer_shapes, or is foreign (ir::Graph::opsets). Whoever needs it no
  // more moves it here: weights are then released as soon as they are packed.
  [[nodiscard]] virtual Result<std::shared_ptr<const Executable>> compile(
      ir::Graph graph, const CompileOptions& options) const = 0;
};

// The graph with every extent known and its shapes inferred anew, as compile() needs it. Refuses
// (kInvalidArgument) names that the graph does not have, shapes that contradict it or each other,
// and an extent that nobody gave. Of a foreign graph only the inputs are bound, and other values
// lose the shapes that the file declares.
Result<ir::Graph> bind_shapes(ir::Graph graph, const CompileOptions& options);
// The same for `dimensions` and `shapes` alone: all else stays open.
Result<ir::Graph> fix_shapes(ir::Graph graph, const CompileOptions& options);
// The types of the graph's inputs once bound; with leave_open, what nobody gave stays open.
Result<std::vector<ir::TensorType>> bound_inputs(const ir::Graph& graph,
                                                 const CompileOptions& options);
// Whether every extent is known.
bool is_closed(const ir::TensorType& type);
bool are_closed(std::span<const ir::TensorType> types);
// Gives the graph's inputs these types, and infers all others anew.
Status set_inputs(ir::Graph& graph, std::span<const ir::TensorType> types);

// The batch, which is the extent of the first input's first axis, where the graph, `shapes` and
// `dimensions` leave none to be had from options.batch; nothing where they do, or do not fit.
std::optional<std::int64_t> fixed_batch(const ir::Graph& graph, const CompileOptions& options);

// The tensors that values are; an error (kUnsupported) names the first that is none.
Result<std::vector<ir::Tensor>> require_tensors(std::span<const ir::Datum> values,
                                                std::string_view what);
// Descriptions of a bound graph's inputs or outputs, which accept nothing else.
std::vector<TensorInfo> describe_values(const ir::Graph& graph, std::span<const ir::ValueId> ids);
// Refuse options that a backend cannot keep to: precisions but float32; execution providers and
// their options; a limit on memory; strips.
Status check_float32(const Backend& backend, const CompileOptions& options);
Status check_no_providers(const Backend& backend, const CompileOptions& options);
Status check_no_memory_limit(const Backend& backend, const CompileOptions& options);
Status check_no_strips(const Backend& backend, const CompileOptions& options);
// Refuses a thread pool, of backends that compute with threads of their own.
Status check_no_pool(const Backend& backend, const CompileOptions& options);
// Refuses inputs of types that are not accepted; the error names the input. Allocates nothing where
// there is nothing to refuse.
Status check_inputs(std::span<const TensorInfo> expected, std::span<const ir::Tensor> inputs);
Status check_inputs(std::span<const TensorInfo> expected, std::span<const ir::Datum> inputs);

}  // namespace lathe::engine

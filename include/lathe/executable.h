// Running a compiled model: at once, on memory of the caller's, by name, or queued.
//
//   lathe::Executable executable = model.compile({.threads = 2}).value();
//   lathe::Context context = executable.new_context();
//   std::vector<lathe::Tensor> outputs = context.run({&input, 1}).value();
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lathe/cancellation.h"
#include "lathe/expected.h"
#include "lathe/export.h"
#include "lathe/tensor.h"
#include "lathe/worker_pool.h"

namespace lathe {

// An input or output of a model.
struct ValueInfo {
  std::string name;
  DataType data_type = DataType::kUndefined;
  bool has_rank = true;  // false: tensors of any rank, and no shape here
  // kUnknownExtent where the model leaves an extent open. Of an Executable, what it is planned for:
  // the batch has a default; other extents are open that each run brings, and those of outputs that
  // follow from them.
  std::vector<std::int64_t> shape;
  // For each extent that a run may choose, its name ("N"), or what it is computed as ("(H+1)/2");
  // empty for others. CompileOptions::dimensions fixes extents by these names.
  std::vector<std::string> dimensions;
};
inline constexpr std::int64_t kUnknownExtent = -1;

// What matters more: the time of one inference, or how many are done in a second.
enum class Preference { kLatency, kThroughput };
// What float32 operators are computed in.
enum class Precision { kFloat32, kBFloat16, kFloat16 };

struct CompileOptions {
  int threads = 0;  // for one inference; 0: the cores the process may use, shared out among streams
  // What is planned for: the first axis of an input where that is open. Runs may bring another one.
  std::int64_t batch = 1;
  // Fixes open extents by name. On "native" and "reference" all others are left to the runs; other
  // backends need every extent but the batch.
  std::map<std::string, std::int64_t> dimensions = {};
  // Fixes whole inputs by name.
  std::map<std::string, std::vector<std::int64_t>> shapes = {};
  // "native"; "onnxruntime" or "openvino" where their libraries are found; "reference": plain
  // loops, slow; "auto": the first of them that can. devices() lists them.
  std::string backend = "native";
  // Inferences that Executable::submit keeps in flight; 0: one for kLatency, for kThroughput as
  // many as the cores, or the pool's threads, give with `threads` each.
  int streams = 0;
  Preference preference = Preference::kLatency;
  Precision precision = Precision::kFloat32;
  std::int64_t memory_limit = 0;  // bytes of weights and intermediate values; 0: none
  // Computes with these instead of threads of each context's own; `threads` is then 0 or theirs.
  // "native" only.
  std::optional<WorkerPool> pool = {};
  // Execution providers of ONNX Runtime in order, and their options by provider.
  std::vector<std::string> providers = {};
  std::map<std::string, std::map<std::string, std::string>> provider_options = {};
};

struct RunOptions {
  std::optional<Cancellation> cancellation = {};
};

// What one step of a model has taken, summed over the runs that were profiled.
struct StepTime {
  std::string name;       // of the node
  std::string operators;  // "Conv+Add+Relu" where nodes were fused
  std::string kernel;     // that computed it
  std::string missing;    // why no kernel did, but the slow reference evaluator; else empty
  std::int64_t macs = 0;  // multiply-accumulates of one run
  std::int64_t runs = 0;
  double total_ms = 0;
};

// One running inference: owns the memory for intermediate values, and its threads. For one caller
// at a time; movable.
class LATHE_API Context {
 public:
  Context(Context&& other) noexcept;
  Context& operator=(Context&& other) noexcept;
  ~Context();

  // Inputs in the order of Executable::inputs(), of those types, and of any shape that the model
  // allows: one that the context has not met before is planned for first, in about a millisecond.
  // Outputs likewise; they own their elements.
  Expected<std::vector<Tensor>> run(std::span<const Tensor> inputs, const RunOptions& options = {});
  // The same by name: all inputs, in any order, and all outputs.
  Expected<std::map<std::string, Tensor>> run_named(const std::map<std::string, Tensor>& inputs,
                                                    const RunOptions& options = {});
  // The same into as many tensors as there are outputs. One of the type and shape that come out,
  // and shared with no copy, is written to, so that nothing is copied or allocated; a borrowed one
  // (Tensor::borrow_writable) has to be that; others are replaced. Memory of inputs and outputs
  // must not overlap. After a failure, outputs hold anything.
  Expected<void> run_into(std::span<const Tensor> inputs, std::span<Tensor> outputs,
                          const RunOptions& options = {});

  // From here on steps are timed, where the backend can ("native").
  void enable_profiling();
  // In the order of execution, for each shape that was run; empty where nothing was timed.
  [[nodiscard]] std::vector<StepTime> profile() const;

 private:
  struct Impl;
  friend struct Access;
  explicit Context(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// An inference in flight. Movable; dropping it drops the outputs.
class LATHE_API Request {
 public:
  Request(Request&& other) noexcept;
  Request& operator=(Request&& other) noexcept;
  ~Request();

  [[nodiscard]] bool ready() const;
  void wait() const;
  // Waits and hands the outputs over; once only, after which it is a failure.
  Expected<std::vector<Tensor>> get();
  // As cancelling RunOptions::cancellation: it becomes ready, soon or when its turn would come.
  void cancel() const;

 private:
  struct Impl;
  friend struct Access;
  explicit Request(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// When a request becomes ready: as soon as it is done, or not before all earlier ones in order.
enum class Completion { kAny, kInOrder };

// A model compiled for this machine. Immutable, and copies share it: any number of threads may make
// contexts from one.
class LATHE_API Executable {
 public:
  [[nodiscard]] const std::vector<ValueInfo>& inputs() const;
  [[nodiscard]] const std::vector<ValueInfo>& outputs() const;
  // The place of a name among them.
  [[nodiscard]] std::optional<std::size_t> find_input(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> find_output(std::string_view name) const;

  // What inputs of these shapes make of the outputs; extents stay open that only a run can tell.
  // "native" keeps the plan, so that the first run of these shapes need not make it.
  [[nodiscard]] Expected<std::vector<ValueInfo>> plan(
      std::span<const std::vector<std::int64_t>> input_shapes) const;

  // What one inference computes with: fewer than were asked for where notes() say so.
  [[nodiscard]] int threads() const;
  // Inferences that submit() keeps in flight.
  [[nodiscard]] int streams() const;
  // What one context needs for intermediate values, and what the weights take once for all of them;
  // 0 where the backend cannot tell.
  [[nodiscard]] std::size_t arena_bytes() const;
  [[nodiscard]] std::size_t weight_bytes() const;

  // What compiling decided that is worth knowing, a line each: which backend "auto" chose, which
  // execution provider was passed over and why.
  [[nodiscard]] std::vector<std::string> notes() const;

  // The context keeps what it needs of the executable alive.
  [[nodiscard]] Context new_context() const;
  // Queues an inference for the next stream that is free. Requests begin in the order of
  // submission; their number is not bounded. Destroying the last copy of the executable waits for
  // them.
  [[nodiscard]] Request submit(std::vector<Tensor> inputs, Completion completion = Completion::kAny,
                               const RunOptions& options = {}) const;

 private:
  struct Impl;
  friend struct Access;
  explicit Executable(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace lathe

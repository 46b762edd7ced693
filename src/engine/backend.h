// How models are run: one small interface over Lathe's own engine and those of others.
//
//   const Backend* backend = find_backend("native").value();
//   ASSIGN_OR_RETURN(auto executable, backend->compile(graph, {.threads = 1}));
//   auto context = executable->new_context();
//   ASSIGN_OR_RETURN(std::vector<Tensor> outputs, context->run(inputs));
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace lathe::engine {

struct CompileOptions {
  int threads = 0;         // for one inference; 0: allowed_cores()
  std::int64_t batch = 1;  // for the first axis of an input where that is unknown
  // For other unknown extents, by name.
  std::map<std::string, std::int64_t> dimensions = {};
};

struct TensorInfo {
  std::string name;
  ir::TensorType type;  // every extent known
};

// Time that one step of an executable took, summed over the runs profiled.
struct StepProfile {
  std::string name;     // of the node
  std::string op_type;  // as in the graph; "Conv+Add+Relu" where nodes were fused
  std::string kernel;   // what computed it
  std::int64_t macs = 0;
  std::int64_t runs = 0;
  double total_ms = 0;
};

// One running inference: owns its arena and threads. For one caller at a time.
class Context {
 public:
  virtual ~Context() = default;
  // Inputs in the order of Executable::inputs() and of exactly those types; outputs likewise.
  virtual Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) = 0;
  // From here on runs are timed step by step, where the backend can.
  virtual void enable_profiling() {}
  [[nodiscard]] virtual std::vector<StepProfile> profile() const { return {}; }
};

// A graph compiled for fixed shapes and this machine. Immutable: share it between threads.
class Executable : public std::enable_shared_from_this<Executable> {
 public:
  virtual ~Executable() = default;
  [[nodiscard]] virtual std::span<const TensorInfo> inputs() const = 0;
  [[nodiscard]] virtual std::span<const TensorInfo> outputs() const = 0;
  // The context keeps the executable alive.
  [[nodiscard]] virtual std::unique_ptr<Context> new_context() const = 0;
  // What one context's intermediate values take, known in advance; 0 where the backend cannot tell.
  [[nodiscard]] virtual std::size_t arena_bytes() const { return 0; }
  // Weights as held in memory, shared by all contexts; 0 where the backend cannot tell.
  [[nodiscard]] virtual std::size_t weight_bytes() const { return 0; }
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
  [[nodiscard]] virtual Availability available() const { return {}; }
  // `graph` has passed ops::infer_shapes.
  [[nodiscard]] virtual Result<std::shared_ptr<const Executable>> compile(
      const ir::Graph& graph, const CompileOptions& options) const = 0;
};

// All backends, the default ("native") first.
std::span<const Backend* const> backends();
// By name; the error lists the names.
Result<const Backend*> find_backend(std::string_view name);

// The graph with every extent known and its shapes inferred anew, as compile() needs it; the error
// names an input whose extent nobody gave.
Result<ir::Graph> bind_shapes(const ir::Graph& graph, const CompileOptions& options);

// Descriptions of a bound graph's inputs or outputs.
std::vector<TensorInfo> describe_values(const ir::Graph& graph, std::span<const ir::ValueId> ids);
// Refuses inputs that are not of the types described; the error names the input.
Status check_inputs(std::span<const TensorInfo> expected, std::span<const ir::Tensor> inputs);

}  // namespace lathe::engine

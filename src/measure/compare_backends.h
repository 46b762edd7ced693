// Whether backends give the answers of another one, on the same inputs, and where they part.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/backend.h"
#include "measure/tensor_difference.h"

namespace lathe::measure {

// One run's inputs in the order of the graph's, and how many of their rows are no padding (-1:
// all).
struct InputBatch {
  std::vector<ir::Tensor> inputs;
  std::int64_t rows = -1;
};
// Empty at the end.
using InputSource = std::function<Result<std::optional<InputBatch>>()>;

struct CompareOptions {
  std::vector<std::string> backends;
  std::string against = "reference";
  engine::CompileOptions compile = {};
  // What counts as parting: a relative difference (TensorDifference), or more than one step of an
  // integer value.
  double tolerance = 1e-4;
  // Also compares what inner nodes make, on the first batch, which a second executable exposes as
  // outputs. That keeps backends from fusing as much as they otherwise do. Values between
  // DequantizeLinear and QuantizeLinear are left out, so that integer operators stay integer.
  bool inner_nodes = false;
  std::function<void(std::int64_t batches)> on_progress = {};
};

struct ValueDifference {
  std::string name;  // of the value
  std::string node;  // that makes it: "conv1 (Conv)"; empty for a graph input
  bool integer = false;
  TensorDifference difference;

  [[nodiscard]] bool parts(double tolerance) const;
};

struct BackendComparison {
  std::string backend;
  std::string version;
  std::vector<std::string> notes;
  std::optional<Error> failure;          // then the rest is what was found until then
  std::vector<ValueDifference> outputs;  // in the order of the graph's
  std::vector<ValueDifference> nodes;    // of inner_nodes, in topological order
  std::optional<Error> nodes_failure;    // the exposed graph could not be run

  // The first of `nodes` that parts, or null.
  [[nodiscard]] const ValueDifference* first_parting(double tolerance) const;
};

struct BackendComparisons {
  std::string against;
  std::int64_t batches = 0;
  std::int64_t rows = 0;                    // of the first input's first axis, padding left out
  std::vector<BackendComparison> backends;  // in the order asked for
};

// An error where the reference fails or there is no input; what fails in another backend is told in
// its place.
Result<BackendComparisons> compare_backends(const ir::Graph& graph, const InputSource& source,
                                            const CompareOptions& options);

// Inner values that can be compared, in topological order.
std::vector<ir::ValueId> comparable_values(const ir::Graph& graph);

}  // namespace lathe::measure

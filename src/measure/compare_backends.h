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

// When a value counts as the same.
struct AgreementRule {
  // Of the largest magnitude (TensorDifference::max_relative); integers may differ by one step.
  double tolerance = 1e-4;
  // In a quantized model differences of a step add up from layer to layer: a value beyond the
  // tolerance still agrees where so large a share of the rows has its largest element at the same
  // place. 0 outside of quantized models, where this does not count.
  double same_class = 0;
};
// Of a graph: with `same_class` if it is quantized.
AgreementRule agreement_rule(const ir::Graph& graph, double tolerance, double same_class);

struct CompareOptions {
  std::vector<std::string> backends;
  std::string against = "reference";
  engine::CompileOptions compile = {};
  AgreementRule rule = {};
  // Also compares what inner nodes make, on the first batch, which a second executable exposes as
  // outputs. That keeps backends from fusing as much as they otherwise do. Values between
  // DequantizeLinear and QuantizeLinear are left out, so that integer operators stay integer.
  bool inner_nodes = false;
  // After each batch: the rows compared so far.
  std::function<void(std::int64_t rows)> on_progress = {};
  // Asked between batches; true ends the comparison with what was compared until then.
  std::function<bool()> stop_requested = {};
};

struct ValueDifference {
  std::string name;  // of the value
  std::string node;  // that makes it: "conv1 (Conv)"; empty for a graph input
  bool integer = false;
  TensorDifference difference;

  [[nodiscard]] bool within(double tolerance) const;
  [[nodiscard]] bool agrees(const AgreementRule& rule) const;
};

struct BackendComparison {
  std::string backend;
  std::string version;
  std::vector<std::string> notes;
  std::optional<Error> failure;          // then the rest is what was found until then
  std::vector<ValueDifference> outputs;  // in the order of the graph's
  std::vector<ValueDifference> nodes;    // of inner_nodes, in topological order; all or none
  std::optional<Error> nodes_failure;    // why there are none

  // Whether nothing failed and all outputs agree.
  [[nodiscard]] bool agrees(const AgreementRule& rule) const;
  // The first of `nodes` beyond the tolerance, or null. Where the outputs agree all the same, it is
  // where the differences begin.
  [[nodiscard]] const ValueDifference* first_beyond(double tolerance) const;
};

struct BackendComparisons {
  std::string against;
  bool interrupted = false;
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

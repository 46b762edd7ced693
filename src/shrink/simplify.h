// Smaller graphs of the same meaning, and the proof that it is the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/backend.h"
#include "ir/graph.h"
#include "measure/tensor_difference.h"
#include "passes/rule.h"

namespace lathe::shrink {

struct SimplifyOptions {
  // Extents that are fixed in the result: `dimensions` and `shapes`.
  engine::CompileOptions extents = {};
  // Of the file that it will be written to: operators of newer ones are not put in.
  int opset = ir::kCanonicalOpset;
  std::vector<std::string> disabled_passes = {};
  // What answers are compared on: inputs of the caller's, and random ones so many times.
  std::vector<std::vector<ir::Tensor>> samples = {};
  std::int64_t random_samples = 3;
  std::uint64_t seed = 1;
  // Of the largest magnitude that an output has; integers have to be equal.
  double tolerance = 1e-4;
  int threads = 0;
};

struct OutputProof {
  std::string name;
  measure::TensorDifference difference;
};

struct Simplified {
  ir::Graph graph;
  std::vector<passes::RuleReport> reports;  // of all rounds together
  std::vector<OutputProof> proof;           // empty where `unproved` says why
  std::int64_t samples = 0;                 // that it was compared on
  std::string unproved;
};

// Applies the rules of passes::simplify_pipeline until none applies any more, then runs the graph
// as it was and as it is on the same inputs. What differs by more than the tolerance is an error
// that names the output. Where the given model does not take random inputs (indices that are out
// of range, say) and there are no samples, nothing is proved.
Result<Simplified> simplify(const ir::Graph& graph, const SimplifyOptions& options);

}  // namespace lathe::shrink

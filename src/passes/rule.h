// Rewrites as rules, and the driver that applies them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"
#include "passes/patch.h"

namespace lathe::passes {

// The change that a rule makes at a node, or nothing where it does not apply there. A function of
// the graph alone. An error is a fault of the model that no rule may pass over.
using RuleResult = Result<std::optional<Patch>>;

struct Rule {
  std::string_view name;  // as in its file name; what --disable-pass takes
  // Types of the operators that it looks at, of any domain; empty: every node.
  std::span<const std::string_view> operators;
  RuleResult (*apply)(const ir::Graph&, ir::NodeId);
  // The oldest opset of the default domain that has the operators which it puts in.
  int since_opset = 0;
};

// Rules that run together until none applies any more. Phases run one after the other.
using Phase = std::span<const Rule* const>;

// What a rule did in one run.
struct RuleReport {
  std::string name;
  std::int64_t fired = 0;
  double milliseconds = 0;
};

struct RunOptions {
  std::set<std::string, std::less<>> disabled;  // rules by name
  // Of the file that the graph is to be written to: rules that need a newer one are left out.
  int opset = ir::kCanonicalOpset;
  // One row for each rule that is not disabled, in the order of the phases; rules in several have
  // one.
  std::vector<RuleReport>* reports = nullptr;
};

// Applies the phases to the graph and to those inside its nodes; then drops what nothing needs,
// verifies the graph and infers its types anew. The order in which nodes are looked at is that of
// the graph, so the result is the same each time. Errors begin with the rule's name; rules that do
// not come to an end are one. The input's types must have been inferred.
Result<ir::Graph> run_phases(ir::Graph graph, std::span<const Phase> phases,
                             const RunOptions& options = {});

}  // namespace lathe::passes

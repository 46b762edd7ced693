// Rewrites from graph to graph, and the runner that applies them.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace lathe::passes {

// A new graph where the rewrite changed something, empty where it does not apply. Keeps no state.
using PassResult = Result<std::optional<ir::Graph>>;

struct Pass {
  std::string_view name;  // as in its file name
  PassResult (*run)(const ir::Graph&);
};

struct PassReport {
  std::string name;
  bool changed = false;
  double milliseconds = 0;
};

struct PassOptions {
  std::set<std::string, std::less<>> disabled;  // by name
  std::vector<PassReport>* reports = nullptr;   // one is appended per pass run
};

// Applies each pass once, in order; after each change verifies the graph and infers its shapes
// anew. Errors begin with the pass's name. The input's shapes must have been inferred.
Result<ir::Graph> run_passes(const ir::Graph& graph, std::span<const Pass> passes,
                             const PassOptions& options = {});

}  // namespace lathe::passes

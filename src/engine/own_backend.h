// What the backends that Lathe brings itself have in common.
#pragma once

#include <string>

#include "engine/backend.h"

namespace lathe::engine {

// Takes the operators of ops/, in float32, and runs what the inference passes make of a graph.
class OwnBackend : public Backend {
 public:
  [[nodiscard]] std::string version() const override { return LATHE_VERSION; }
  [[nodiscard]] Status supports(const ir::Graph& graph) const override;

 protected:
  // The graph with every extent known, after the passes. Refuses operators that Lathe lacks, other
  // precisions and execution providers.
  [[nodiscard]] Result<ir::Graph> lower(const ir::Graph& graph,
                                        const CompileOptions& options) const;
};

}  // namespace lathe::engine

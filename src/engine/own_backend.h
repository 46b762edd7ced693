// What the backends that Lathe brings itself have in common.
#pragma once

#include <string>

#include "engine/backend.h"

namespace lathe::engine {

// Takes the operators of ops/; of floating point, float32 alone.
class OwnBackend : public Backend {
 public:
  [[nodiscard]] std::string version() const override { return LATHE_VERSION; }
  [[nodiscard]] Status supports(const ir::Graph& graph) const override;

 protected:
  // The graph with every extent known. Refuses operators that Lathe lacks, other precisions and
  // execution providers.
  [[nodiscard]] Result<ir::Graph> bind(ir::Graph graph, const CompileOptions& options) const;
  // The same after the passes that execution starts from. Adds what options.report_passes asks for.
  [[nodiscard]] Result<ir::Graph> lower(ir::Graph graph, const CompileOptions& options,
                                        std::vector<std::string>& notes) const;
};

}  // namespace lathe::engine

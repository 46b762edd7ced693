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

  // The graph after the passes that execution starts from. Adds what options.report_passes asks
  // for.
  [[nodiscard]] static Result<ir::Graph> lower(ir::Graph graph, const CompileOptions& options,
                                               std::vector<std::string>& notes);

 protected:
  // Refuses operators that Lathe lacks, other precisions and execution providers.
  [[nodiscard]] Status check(const ir::Graph& graph, const CompileOptions& options) const;
  // What runs may bring, as the graph says, and the types that are compiled for.
  [[nodiscard]] static std::vector<TensorInfo> describe_inputs(
      const ir::Graph& graph, std::span<const ir::TensorType> types);
};

}  // namespace lathe::engine

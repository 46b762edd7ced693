#include "engine/own_backend.h"

#include "ops/infer_shapes.h"
#include "passes/passes.h"

namespace lathe::engine {

Status OwnBackend::supports(const ir::Graph& graph) const { return ops::check_operators(graph); }

Result<ir::Graph> OwnBackend::lower(const ir::Graph& graph, const CompileOptions& options) const {
  RETURN_IF_ERROR(supports(graph));
  RETURN_IF_ERROR(check_float32(*this, options));
  RETURN_IF_ERROR(check_no_providers(*this, options));
  ASSIGN_OR_RETURN(const ir::Graph bound, bind_shapes(graph, options));
  return passes::run_passes(bound, passes::inference_passes());
}

}  // namespace lathe::engine

#include "backends/compiled_model.h"

#include "formats/lathe/compiled_file.h"

namespace lathe::engine {

Result<CompiledModel> compile_model(ir::Graph graph, const CompileOptions& options,
                                    const PackOptions& packing) {
  CompiledModel compiled;
  ASSIGN_OR_RETURN(const ir::Graph lowered, lower_ahead(std::move(graph), options, compiled.notes));
  ASSIGN_OR_RETURN(compiled.graph, formats::renumbered(lowered));
  ASSIGN_OR_RETURN(PackedAhead packed, pack_ahead(compiled.graph, options, packing));
  compiled.graph.prepared = std::move(packed.prepared);
  compiled.packed_for = std::move(packed.packed_for);
  compiled.notes.insert(compiled.notes.end(), packed.notes.begin(), packed.notes.end());
  return compiled;
}

}  // namespace lathe::engine

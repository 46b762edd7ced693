// Making compiled models (.lathe), which the native engine maps and runs.
//
//   ASSIGN_OR_RETURN(const CompiledModel compiled, compile_model(graph, {}, {}));
//   RETURN_IF_ERROR(formats::write_compiled(compiled.graph, "model.lathe"));
#pragma once

#include <string>
#include <vector>

#include "engine/ahead_of_time.h"
#include "engine/backend.h"
#include "ir/graph.h"

namespace lathe::engine {

struct CompiledModel {
  ir::Graph graph;                         // with what is `prepared`
  std::vector<ir::TensorType> packed_for;  // the inputs' types
  std::vector<std::string> notes;
};

// For this machine, or the instruction set of LATHE_ISA. options.dimensions and shapes fix extents
// for good; what they leave open stays so.
Result<CompiledModel> compile_model(ir::Graph graph, const CompileOptions& options,
                                    const PackOptions& packing);

}  // namespace lathe::engine

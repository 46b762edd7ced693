// What a compiled model is made of: a graph behind the passes, and its weights as kernels read
// them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend.h"
#include "engine/program.h"
#include "ir/graph.h"
#include "ir/prepared.h"

namespace lathe::engine {

// The graph that the native engine runs, with extents fixed as `options` say and nothing packed. A
// graph that is `prepared` already is an error. `notes` tell what its user should know.
Result<ir::Graph> lower_ahead(ir::Graph graph, const CompileOptions& options,
                              std::vector<std::string>& notes);

struct PackOptions {
  // For inputs that leave extents open, by name: what runs mostly bring. Kernels are chosen for it;
  // runs may bring other shapes. Without, something that the model takes is found.
  std::map<std::string, std::vector<std::int64_t>> typical_shapes = {};
  std::string source = {};  // ir::Prepared::source
};

struct PackedAhead {
  std::shared_ptr<const ir::Prepared> prepared;
  std::vector<ir::TensorType> packed_for;  // the inputs' types
  std::vector<std::string> notes;          // what its user should know, a line each
};

// Packs the weights of a graph that lower_ahead() made, for this machine or LATHE_ISA. Its ids are
// those of the result.
Result<PackedAhead> pack_ahead(const ir::Graph& lowered, const CompileOptions& options,
                               const PackOptions& packing);

// Gives a program of the graph that `prepared` belongs to what is packed in there. What is for
// another machine or another Lathe the program packs anew, and `notes` say so.
void adopt_packed(const std::shared_ptr<const ir::Prepared>& prepared, const Program& program,
                  Isa isa, std::vector<std::string>& notes);

}  // namespace lathe::engine

// Compiled models (.lathe): a graph behind the passes beside the weights as kernels read them, in a
// file that is mapped rather than read. docs/compiled-models.md tells the format.
//
// A file is hostile until checked: whatever its bytes are, reading ends with a graph that is as
// sound as one from ONNX, or with an error that names the place. What is damaged is found by
// checksums before anything is made of it, but for what only other machines need
// (ir::Prepared::check_spare). A file that is changed while it is mapped is not protected against;
// write_compiled() replaces it under its name instead.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "ir/graph.h"

namespace lathe::formats {

// Whether these are the first bytes of such a file.
bool is_compiled(std::string_view bytes);

// `graph` has what is `prepared`, with ids as reading numbers them: it comes from renumbered().
Result<std::string> serialize_compiled(const ir::Graph& graph);
// Replaces the file atomically. Errors begin with the path.
Status write_compiled(const ir::Graph& graph, const Path& path);

// The graph as a reader of its file has it, with that one's ids.
Result<ir::Graph> renumbered(const ir::Graph& graph);

// A graph with what is `prepared`; constants and packed weights stay in the mapped file. Errors
// begin with the path. Thread-safe.
Result<ir::Graph> read_compiled(const Path& path);
// The same for bytes at a multiple of 64, which `memory` keeps.
Result<ir::Graph> parse_compiled(std::span<const std::byte> bytes,
                                 std::shared_ptr<const void> memory);

// The graph as it stands in the file, an ONNX model without its weights: for its header.
Result<std::string> compiled_graph_bytes(const Path& path);

}  // namespace lathe::formats

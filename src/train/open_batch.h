// Models are often exported for a batch of one; training takes many samples at a time.
#pragma once

#include <optional>

#include "base/result.h"
#include "ir/graph.h"

namespace lathe::train {

// The same graph for any batch, where the first extent of its only input is a number: that becomes
// the symbol N, a Reshape to that number of rows keeps the rows that it gets, and all other types
// are inferred anew. Nothing where the extent is open already, or the graph has several inputs.
//
// Every value that depends on the input has to keep the batch as its first extent; an error names
// the node that does not, since it would mix samples.
Result<std::optional<ir::Graph>> open_batch(const ir::Graph& graph);

}  // namespace lathe::train

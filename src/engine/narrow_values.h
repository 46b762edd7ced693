// Stores what convolutional and fully connected networks compute in bfloat16.
#pragma once

#include "base/result.h"
#include "passes/convert_layouts.h"

namespace lathe::engine {

// Where kernels multiply bfloat16, operands and results become that, and what follows from those
// and constants alone; weights stay as they are, for the kernels to round. In front of all others
// stands a Cast, and outputs are float32 as before. Every extent of the graph is known.
Status narrow_values(passes::ConvertedGraph& converted);

}  // namespace lathe::engine

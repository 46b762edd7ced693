// A graph as text: stable, so that tests compare it, and short, so that people read it.
//
//   graph main (input: float32[N,1,28,28]) -> (logits: float32[N,10])
//     conv1: float32[N,32,28,28] = Conv(input, conv1.weight: float32[32,1,3,3]) {pads=[1,1,1,1]}
#pragma once

#include <string>

#include "ir/graph.h"

namespace lathe::ir {

std::string to_text(const Graph& graph);

}  // namespace lathe::ir

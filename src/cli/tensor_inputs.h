// Inputs of a model from .npy files named on the command line.
#pragma once

#include <string>
#include <vector>

#include "engine/backend.h"
#include "ir/graph.h"

namespace lathe::cli {

// From name=file.npy each, or file.npy where the model has one input, in the order of the graph's
// inputs. Each has to be given once.
Result<std::vector<ir::Tensor>> read_tensor_inputs(const std::vector<std::string>& arguments,
                                                   const ir::Graph& graph);

// Gives the graph's open extents the values that they have in the inputs, where the options do not
// say otherwise. Running the model tells of inputs that do not fit.
void take_extents(const std::vector<ir::Tensor>& inputs, const ir::Graph& graph,
                  engine::CompileOptions& options);

}  // namespace lathe::cli

// Whether a graph, its data and its preprocessing belong together.
#pragma once

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "ir/graph.h"

namespace lathe::train {

// Samples of two classes or more: one class is learnt "to 100 %" by any model.
Status check_classes(const data::Dataset& dataset);

// One float32 input of known extents but for the batch, that takes
// what the dataset gives after preprocessing (`preprocess` may be null); one output with a value
// per class of the dataset.
Status check_model(const ir::Graph& graph, const data::Dataset& dataset,
                   const data::Preprocess* preprocess);

}  // namespace lathe::train

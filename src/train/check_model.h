// Whether a graph, its data and its preprocessing belong together.
#pragma once

#include <string>

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "ir/graph.h"

namespace lathe::train {

// Samples of two classes or more, each with one at least that can be read: one class is learnt "to
// 100 %" by any model. Reads samples until it knows.
Status check_classes(const data::Dataset& dataset);
// Names the classes without a sample; empty where there are none.
std::string remark_on_classes(const data::Dataset& dataset);

// One float32 input of known extents but for the batch, that takes
// what the dataset gives after preprocessing (`preprocess` may be null); one output with a value
// per class of the dataset.
Status check_model(const ir::Graph& graph, const data::Dataset& dataset,
                   const data::Preprocess* preprocess);

}  // namespace lathe::train

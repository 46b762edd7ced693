// How images become a model's input: from the call, or from the model's metadata.
#pragma once

#include <optional>

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "ir/graph.h"

namespace lathe::measure {

// The preprocessing for a model on a dataset, `given` rather than the metadata's. Empty for
// features, to which none applies: one that is given is an error, as is a model on images that has
// none.
Result<std::optional<data::Preprocess>> resolve_preprocess(
    const ir::Graph& graph, const data::Dataset& dataset,
    const std::optional<data::Preprocess>& given);

// That a model's metadata has no preprocessing, with one to pass that fits its input.
Error missing_preprocess(const ir::Graph& graph);

}  // namespace lathe::measure

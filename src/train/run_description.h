// What a training run was told, as its checkpoint keeps it: only the same run is gone on with.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "ir/graph.h"
#include "train/options.h"

namespace lathe::train {

// Options, data and graph. `validation` and `preprocess` may be null.
nlohmann::json describe_run(const TrainOptions& options, const ir::Graph& graph,
                            const data::Dataset& training, const data::Dataset* validation,
                            const data::Preprocess* preprocess);

// Puts what the run was made with in the place of "auto".
Status adopt_choices(const nlohmann::json& run, TrainOptions& options);

// Whether one run goes on with the other, whose number of epochs may differ. The error names the
// first thing that does, as the command line calls it: "--batch was 128, is 64".
Status check_same_run(const nlohmann::json& then, const nlohmann::json& now);

// What it means that the run was to have another number of epochs, `done` of which are done; empty
// where it means nothing.
std::string remark_on_length(const nlohmann::json& then, const TrainOptions& now,
                             std::int64_t done);

}  // namespace lathe::train

// A preprocessing for a dataset that nobody has described.
#pragma once

#include <functional>

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"

namespace lathe::data {

// Extents and channels of the dataset's images; where sizes vary, rgb with the shorter side at 256
// pixels and 224 x 224 cut from the centre. Mean and deviation per channel are those of up to
// `samples` images spread evenly over the dataset, which should be the training split. An error for
// a dataset of features, and where none of those images can be read; kInterrupted when
// `stop_requested`, asked between images, says so.
Result<Preprocess> default_preprocess(const Dataset& dataset, std::int64_t samples = 4096,
                                      const std::function<bool()>& stop_requested = {});

}  // namespace lathe::data

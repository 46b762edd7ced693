// The files that tell how a training run went.
#pragma once

#include "base/file.h"
#include "train/train.h"

namespace lathe::cli {

// {"epochs": [{"epoch": 1, "train_loss": ..., "seconds": ...}, ...], "best_epoch": N}
Status write_history(const Path& path, const train::TrainResult& result);
// Losses and accuracies by epoch, as SVG.
Status write_history_chart(const Path& path, const train::TrainResult& result);

}  // namespace lathe::cli

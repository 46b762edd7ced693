// The learning rate of every update, as a pure function of where the run stands: nothing to save.
#pragma once

#include <cstdint>
#include <span>

#include "train/history.h"
#include "train/options.h"

namespace lathe::train {

struct Rate {
  double learning_rate = 0;
  double momentum = 0;  // of SGD
};

// `update` counts from 0 over the whole run; `history` holds the epochs that are complete. Needs
// options that validate() accepts and updates_per_epoch >= 1.
Rate rate_at(const TrainOptions& options, std::int64_t update, std::int64_t updates_per_epoch,
             std::span<const EpochRecord> history);

// Index into `history` of the best epoch: highest validation accuracy, lower validation loss
// between equals, the earlier one between those; the last where there is no validation. -1 where it
// is empty.
std::int64_t best_epoch_index(std::span<const EpochRecord> history);

// Whether early_stop_patience epochs have passed without a validation accuracy above the best.
bool stops_early(const TrainOptions& options, std::span<const EpochRecord> history);

}  // namespace lathe::train

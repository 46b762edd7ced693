// What each epoch of a training run measured.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace lathe::train {

// Accuracies are fractions; losses are means over samples, label smoothing included in training and
// left out in validation. The two validation fields are NaN where there is no validation set.
struct EpochRecord {
  std::int64_t epoch = 0;    // from 1
  double learning_rate = 0;  // of the epoch's last update
  double train_loss = 0;
  double train_top1 = 0;
  double validation_loss = std::numeric_limits<double>::quiet_NaN();
  double validation_top1 = std::numeric_limits<double>::quiet_NaN();
  double seconds = 0;       // training and validation
  double images_per_s = 0;  // of the training part
};

// {"epoch": 1, "learning_rate": 0.1, ...}; NaN becomes null.
nlohmann::json to_json(const EpochRecord& record);
// An array of these.
nlohmann::json to_json(std::span<const EpochRecord> history);
// Exact inverse of the first.
Result<EpochRecord> epoch_record_from_json(const nlohmann::json& json);

// One array per field, values rounded to six digits: {"epoch": [1, 2], "train_loss": [2.1, 1.7]}.
// Fields that are NaN throughout are left out, and so are times, which make equal trainings differ.
nlohmann::json history_columns(std::span<const EpochRecord> history);

}  // namespace lathe::train

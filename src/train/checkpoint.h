// A training run between two epochs, as a file.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "train/backend.h"
#include "train/history.h"

namespace lathe::train {

// Shuffles, augmentation and dropout are functions of the seed and the position, so there is no
// generator's state to keep.
struct Checkpoint {
  // What the run was started with, by describe_run().
  nlohmann::json run = nlohmann::json::object();
  std::vector<EpochRecord> history = {};  // one record per epoch that is complete
  NamedTensors state = {};                // of the session
  NamedTensors best_weights = {};
};

// The file: "lathe checkpoint 1\n", an 8-byte little-endian length, that many bytes of JSON (run,
// history, the table of tensors with their offsets), the tensors' bytes, and an 8-byte checksum of
// all before it. Written atomically: a run that is killed leaves the old file or the new one.
Status write_checkpoint(const Path& path, const Checkpoint& checkpoint);
// Errors name the file; one that is cut short or has changed is refused.
Result<Checkpoint> read_checkpoint(const Path& path);

}  // namespace lathe::train

// NVIDIA's GPUs, as its management library tells of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace lathe::measure {

struct Gpu {
  std::string name;
  // What the library does not tell of a GPU stays open.
  std::optional<std::int64_t> memory_bytes;
  std::optional<std::int64_t> memory_free_bytes;
  std::string compute_capability;  // "9.0", empty where it was not told
};

struct NvidiaGpus {
  std::string driver_version;  // empty where it was not told
  std::vector<Gpu> gpus;
};

// Asks libnvidia-ml.so.1, which comes with the driver, or the library that the environment variable
// LATHE_NVML names. Takes no hold of a GPU. The error says why none can be listed: there is no
// driver, or it does not work.
Result<NvidiaGpus> nvidia_gpus();

}  // namespace lathe::measure

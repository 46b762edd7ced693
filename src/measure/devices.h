// What a machine has to run models on: its processor with measured peaks, GPUs, backends.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kernels/read_bandwidth.h"
#include "measure/nvml.h"
#include "measure/system_info.h"

namespace lathe::measure {

// A peak that not every machine has.
struct OptionalPeak {
  double value = 0;
  std::string reason;  // why it was not measured; empty where it was
};

struct Peaks {
  // Of one thread, in 10^9 operations per second, of which a multiply-add counts as two.
  double float32_gflops = 0;
  double int8_gops = 0;
  OptionalPeak amx_int8_gops;
  OptionalPeak amx_bf16_gflops;
  // By one thread, then by all allowed cores where these are more.
  kernels::ReadBandwidth memory_read;
  std::string memory_read_reason;  // why it was not measured; empty where it was
};

struct BackendInfo {
  std::string name;
  std::string version;  // where it is available
  bool available = false;
  std::string reason;                  // why it is not, and how to get it
  std::vector<std::string> providers;  // execution providers, where it has such
};

struct Devices {
  SystemInfo system;
  std::optional<Peaks> peaks;  // where they were asked for
  NvidiaGpus gpus;
  std::string gpus_reason;  // why no GPU could be listed; empty where the driver answered
  std::vector<BackendInfo> backends;
};

// Of a buffer that is larger than the caches, where free memory allows it.
std::int64_t memory_buffer_bytes(const SystemInfo& system);

// Measures for less than two seconds; reads a buffer that is larger than the caches where time and
// free memory allow it. The error is that of LATHE_ISA.
Result<Peaks> measure_peaks(const SystemInfo& system);

// Each of engine::backends(); those that need a library look for it.
std::vector<BackendInfo> list_backends();

Result<Devices> list_devices(bool with_peaks);
nlohmann::json to_json(const BackendInfo& backend);
nlohmann::json to_json(const Devices& devices);

}  // namespace lathe::measure

// What machine and process a measurement was made on.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace lathe::measure {

struct SystemInfo {
  std::string cpu;
  std::string isa;  // the most capable set that kernels use here, or the one forced
  int cores = 1;    // that this process may use
  std::int64_t memory_bytes = 0;
  std::string kernel;  // "Linux 6.1.0"
  std::string lathe_version;
  double fma_peak_gflops = 0;  // of one thread, float32; 0 where it was not measured
};

// `measure_peak` spends about a fifth of a second on fma_peak_gflops.
SystemInfo system_info(bool measure_peak);
nlohmann::json to_json(const SystemInfo& info);
// Label and value, for people.
std::vector<std::pair<std::string, std::string>> describe(const SystemInfo& info);

// The most memory that this process has held so far, in bytes (VmHWM); 0 where it cannot be told.
std::int64_t peak_rss_bytes();

}  // namespace lathe::measure

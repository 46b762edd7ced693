// What machine and process a measurement was made on.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/caches.h"
#include "base/cgroup.h"
#include "base/machine.h"

namespace lathe::measure {

struct SystemInfo {
  std::string cpu;
  std::string isa;  // the most capable set that kernels use here, or the one forced
  std::vector<std::string> features;  // extensions that matter, see base/cpu_features.h
  std::vector<Cache> caches;          // of one core
  int cores = 1;                      // that this process may use, as the three that follow tell
  Topology topology;                  // of the whole machine
  int affinity_cpus = 0;              // processors in the process's mask; 0: cannot be told
  CgroupLimits cgroup;
  std::string governor;  // of the clock; empty where the kernel does not set it
  std::int64_t memory_bytes = 0;
  std::optional<std::int64_t> memory_available_bytes;
  std::string kernel;  // "Linux 6.1.0"
  std::string lathe_version;
  double fma_peak_gflops = 0;  // of one thread, float32; 0 where it was not measured
};

// `measure_peak` spends about a fifth of a second on fma_peak_gflops.
SystemInfo system_info(bool measure_peak);
// What cannot be told is left out.
nlohmann::json to_json(const SystemInfo& info);
// "Intel Xeon, avx512vnni, 2 cores, 4.10 GB of memory, 93 GFLOP/s float32 on one thread; Lathe
// 0.1.0": what of it matters most.
std::string summarize(const SystemInfo& info);
// Label and value, for people.
std::vector<std::pair<std::string, std::string>> describe(const SystemInfo& info);

// The most memory that this process has held so far, in bytes (VmHWM); 0 where it cannot be told.
std::int64_t peak_rss_bytes();

}  // namespace lathe::measure

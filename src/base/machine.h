// How many processors the machine has, how they are clocked, and how much memory is there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.h"

namespace lathe {

// Each of these reads below `root`, of which tests make a small copy, and leaves open what the
// system does not tell, as containers and virtual machines often do.

struct Topology {
  std::optional<int> online_cpus;     // logical processors
  std::optional<int> physical_cores;  // that these make up
  std::optional<int> threads_per_core;
};
Topology read_topology(const Path& root = "/");

// What decides the clock: "performance", "powersave", "schedutil", ...; several are joined by
// commas. Empty where the kernel does not set it.
std::string frequency_governor(const Path& root = "/");

struct MemoryInfo {
  std::optional<std::int64_t> total_bytes;
  std::optional<std::int64_t> available_bytes;  // without swapping
};
MemoryInfo read_memory(const Path& root = "/");

}  // namespace lathe

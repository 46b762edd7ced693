// What this machine has to run models on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lathe/expected.h"
#include "lathe/export.h"

namespace lathe {

// What can stand in CompileOptions::backend, beside "auto".
struct BackendInfo {
  std::string name;
  bool available = false;
  std::string reason;                  // why it is not, and how to get it
  std::string version;                 // where it is available
  std::vector<std::string> providers;  // for CompileOptions::providers, where it has such
};

struct Devices {
  std::string processor;        // "Intel(R) Xeon(R) Processor @ 2.90GHz"
  std::string instruction_set;  // that kernels use: the best that it has, or what LATHE_ISA names
  std::vector<std::string> instruction_sets;  // that it has, of those that kernels are written for
  int cores = 1;                              // that this process may use
  std::int64_t memory_bytes = 0;
  std::vector<std::string> gpus;  // of NVIDIA, by name
  std::vector<BackendInfo> backends;
};

// Looks for the libraries of other runtimes, and loads those that are there. Fails where LATHE_ISA
// names what the machine does not have.
LATHE_API Expected<Devices> devices();

}  // namespace lathe

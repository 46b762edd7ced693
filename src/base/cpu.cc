#include "base/cpu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fmt/ranges.h>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace lathe {
namespace {

constexpr std::array kNames = {"scalar", "avx2", "avx512", "avx512vnni"};

#if defined(__x86_64__)
// Clang 14's __builtin_cpu_supports does not know the name.
bool has_f16c() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}
#endif

// The quota of one cgroup v2 folder in cores, or a large number where it sets none.
double cgroup_v2_quota(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 1e9;
  return std::strtod(quota.c_str(), nullptr) / period;
}

double cgroup_quota() {
  std::ifstream membership("/proc/self/cgroup");
  std::string line;
  double cores = 1e9;
  while (std::getline(membership, line)) {
    if (line.rfind("0::", 0) == 0) {  // v2: a limit of any ancestor holds too
      for (std::string path = line.substr(3);; path = path.substr(0, path.rfind('/'))) {
        cores = std::min(cores, cgroup_v2_quota("/sys/fs/cgroup" + path));
        if (path.empty() || path == "/") break;
      }
    }
  }
  double quota = 0;
  double period = 0;
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (v1_quota >> quota && v1_period >> period && quota > 0 && period > 0) {
    cores = std::min(cores, quota / period);
  }
  return cores;
}

}  // namespace

std::string_view isa_name(Isa isa) { return kNames.at(static_cast<std::size_t>(isa)); }

Result<Isa> parse_isa(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames.at(i)) return static_cast<Isa>(i);
  }
  return invalid_argument("unknown instruction set '{}': known are {}", name,
                          fmt::join(kNames, ", "));
}

bool isa_supported(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kScalar:
      return true;
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
             has_f16c();
    case Isa::kAvx512:
      return isa_supported(Isa::kAvx2) && __builtin_cpu_supports("avx512f") != 0 &&
             __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
             __builtin_cpu_supports("avx512vl") != 0;
    case Isa::kAvx512Vnni:
      return isa_supported(Isa::kAvx512) && __builtin_cpu_supports("avx512vnni") != 0;
  }
  return false;
#else
  return isa == Isa::kScalar;
#endif
}

std::span<const Isa> supported_isas() {
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (isa_supported(static_cast<Isa>(i))) found.push_back(static_cast<Isa>(i));
    }
    return found;
  }();
  return isas;
}

Result<Isa> select_isa() {
  const char* forced = std::getenv("LATHE_ISA");
  if (forced == nullptr || *forced == '\0') return supported_isas().back();
  auto isa = parse_isa(forced).with_context("LATHE_ISA");
  if (isa.ok() && !isa_supported(*isa)) {
    std::vector<std::string_view> names;
    for (const Isa supported : supported_isas()) names.push_back(isa_name(supported));
    return unsupported("LATHE_ISA: this machine does not run '{}': it runs {}", forced,
                       fmt::join(names, ", "));
  }
  return isa;
}

std::string cpu_model_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos)
      return line.substr(colon + 2);
  }
  return "unknown";
}

int allowed_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  const int affinity = sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 1;
  return std::max(1, static_cast<int>(std::min<double>(affinity, std::ceil(cgroup_quota()))));
}

}  // namespace lathe

#include "base/cpu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fmt/ranges.h>
#include <fstream>
#include <initializer_list>
#include <sched.h>

#include "base/cpu_features.h"

namespace lathe {
namespace {

constexpr std::array kNames = {"scalar", "avx2", "avx512", "avx512vnni"};

bool has_all(std::initializer_list<std::string_view> features) {
  return std::all_of(features.begin(), features.end(), has_cpu_feature);
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
  switch (isa) {
    case Isa::kScalar:
      return true;
    case Isa::kAvx2:
      return has_all({"avx2", "fma", "f16c"});
    case Isa::kAvx512:
      return isa_supported(Isa::kAvx2) && has_all({"avx512f", "avx512bw", "avx512dq", "avx512vl"});
    case Isa::kAvx512Vnni:
      return isa_supported(Isa::kAvx512) && has_cpu_feature("avx512vnni");
  }
  return false;
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

std::vector<int> affinity_cpus() {
  // The mask must be as long as the kernel's own, which is not known beforehand.
  for (std::size_t words = 16; words <= 1024; words *= 2) {
    constexpr std::size_t kBits = 8 * sizeof(unsigned long);
    std::vector<unsigned long> mask(words);
    if (sched_getaffinity(0, words * sizeof(unsigned long),
                          reinterpret_cast<cpu_set_t*>(mask.data())) != 0) {
      continue;
    }
    std::vector<int> cpus;
    for (std::size_t cpu = 0; cpu < words * kBits; ++cpu) {
      if ((mask[cpu / kBits] >> cpu % kBits & 1) != 0) cpus.push_back(static_cast<int>(cpu));
    }
    return cpus;
  }
  return {};
}

int allowed_cores(std::size_t affinity, const CgroupLimits& limits) {
  double cores = static_cast<double>(affinity);
  if (limits.cores) cores = std::min(cores, std::ceil(*limits.cores));
  return std::max(1, static_cast<int>(cores));
}

int allowed_cores() { return allowed_cores(affinity_cpus().size(), cgroup_limits()); }

}  // namespace lathe

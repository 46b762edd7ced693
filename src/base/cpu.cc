#include "base/cpu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fmt/ranges.h>
#include <fstream>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cpu_features.h"

namespace lathe {
namespace {

struct NamedIsa {
  std::string_view name;
  Isa isa;
  // Beyond those of the sets that it holds; empty names stand behind them.
  std::array<std::string_view, 5> features;
};

// Least capable first.
constexpr NamedIsa kNamed[] = {
    {"scalar", Isa::kScalar, {}},
    {"avx2", Isa::kAvx2, {"avx2", "fma", "f16c", "bmi", "bmi2"}},
    {"avxvnni", Isa::kAvxVnni, {"avxvnni"}},
    {"avx512", Isa::kAvx512, {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"}},
    {"avx512vnni", Isa::kAvx512Vnni, {"avx512vnni"}},
    {"avx512bf16", Isa::kAvx512Bf16, {"avx512bf16"}},
    {"avx512fp16", Isa::kAvx512Fp16, {"avx512fp16"}},
    {"amx", Isa::kAmx, {"amx-tile", "amx-int8", "amx-bf16"}},
    {"neon", Isa::kNeon, {"asimd"}},
    {"neondot", Isa::kNeonDot, {"dotprod"}},
};

// Linux hands the registers of AMX only to processes that ask for them.
bool may_use_tiles() {
#if defined(__x86_64__)
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool is_supported(const NamedIsa& named) {
  const bool has_features = std::all_of(
      named.features.begin(), named.features.end(),
      [](std::string_view feature) { return feature.empty() || has_cpu_feature(feature); });
  return has_features && (named.isa != Isa::kAmx || may_use_tiles());
}

struct Supported {
  Isa all;
  std::vector<Isa> named;
};

const Supported& supported() {
  static const Supported supported = [] {
    Supported found;
    for (const NamedIsa& named : kNamed) {
      // What a set builds upon stands before it.
      Isa below;
      for (const NamedIsa& lesser : kNamed)
        if (lesser.isa != named.isa && named.isa.has(lesser.isa)) below = below.with(lesser.isa);
      if (!found.all.has(below) || !is_supported(named)) continue;
      found.all = found.all.with(named.isa);
      found.named.push_back(named.isa);
    }
    return found;
  }();
  return supported;
}

}  // namespace

std::string_view isa_name(Isa isa) {
  std::string_view name;
  for (const NamedIsa& named : kNamed)
    if (isa.has(named.isa)) name = named.name;
  return name;
}

Result<Isa> parse_isa(std::string_view name) {
  std::vector<std::string_view> names;
  for (const NamedIsa& named : kNamed) {
    if (name == named.name) return named.isa;
    names.push_back(named.name);
  }
  return invalid_argument("unknown instruction set '{}': known are {}", name,
                          fmt::join(names, ", "));
}

bool isa_supported(Isa isa) { return supported().all.has(isa); }

std::span<const Isa> supported_isas() { return supported().named; }

Result<Isa> select_isa() {
  const char* forced = std::getenv("LATHE_ISA");
  if (forced == nullptr || *forced == '\0') return supported().all;
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

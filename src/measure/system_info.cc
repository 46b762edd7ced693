#include "measure/system_info.h"

#include <fmt/ranges.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>

#include "base/cpu.h"
#include "base/cpu_features.h"
#include "base/progress.h"
#include "kernels/peak.h"

namespace lathe::measure {
namespace {

// Caches come in powers of two: "48 KiB", "2 MiB".
std::string format_cache_bytes(std::int64_t bytes) {
  constexpr std::int64_t kKiB = 1024;
  if (bytes >= kKiB * kKiB) {
    return fmt::format("{:.4g} MiB", static_cast<double>(bytes) / (kKiB * kKiB));
  }
  return fmt::format("{:.4g} KiB", static_cast<double>(bytes) / kKiB);
}

// "L1d 48 KiB, L1i 32 KiB, L2 2 MiB, L3 260 MiB of 96 processors"
std::string describe_caches(const std::vector<Cache>& caches) {
  std::vector<std::string> parts;
  for (const Cache& cache : caches) {
    const char* suffix = cache.kind == CacheKind::kData          ? "d"
                         : cache.kind == CacheKind::kInstruction ? "i"
                                                                 : "";
    parts.push_back(fmt::format("L{}{} {}", cache.level, suffix, format_cache_bytes(cache.bytes)));
    if (cache.shared_by > 1) parts.back() += fmt::format(" of {} processors", cache.shared_by);
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// "2 (affinity mask of 4, cgroup quota of 1.5; machine of 4 cores, 8 threads)"
std::string describe_cores(const SystemInfo& info) {
  std::vector<std::string> bounds;
  if (info.affinity_cpus > 0) {
    bounds.push_back(fmt::format("affinity mask of {}", info.affinity_cpus));
  }
  if (info.cgroup.cores)
    bounds.push_back(fmt::format("cgroup quota of {:.4g}", *info.cgroup.cores));
  std::string machine;
  if (info.topology.physical_cores) {
    machine = fmt::format("machine of {} cores, {} threads", *info.topology.physical_cores,
                          *info.topology.online_cpus);
  } else if (info.topology.online_cpus) {
    machine = fmt::format("machine of {} threads", *info.topology.online_cpus);
  }
  const std::string why = fmt::format("{}{}{}", fmt::join(bounds, ", "),
                                      bounds.empty() || machine.empty() ? "" : "; ", machine);
  return why.empty() ? std::to_string(info.cores) : fmt::format("{} ({})", info.cores, why);
}

std::string describe_memory(const SystemInfo& info) {
  std::string text = format_bytes(static_cast<double>(info.memory_bytes));
  if (info.memory_available_bytes) {
    text += fmt::format(", {} available",
                        format_bytes(static_cast<double>(*info.memory_available_bytes)));
  }
  if (info.cgroup.memory_bytes) {
    text += fmt::format(", cgroup limit {}",
                        format_bytes(static_cast<double>(*info.cgroup.memory_bytes)));
  }
  return text;
}

nlohmann::json caches_json(const std::vector<Cache>& caches) {
  nlohmann::json list = nlohmann::json::array();
  for (const Cache& cache : caches) {
    nlohmann::json row{
        {"level", cache.level}, {"kind", cache_kind_name(cache.kind)}, {"bytes", cache.bytes}};
    if (cache.shared_by > 0) row["shared_by"] = cache.shared_by;
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace

SystemInfo system_info(bool measure_peak) {
  SystemInfo info;
  info.cpu = cpu_model_name();
  const auto isa = select_isa();
  info.isa = isa.ok() ? isa_name(*isa) : "none";
  info.features.assign(cpu_features().begin(), cpu_features().end());
  info.caches.assign(caches().begin(), caches().end());
  info.topology = read_topology();
  info.affinity_cpus = static_cast<int>(affinity_cpus().size());
  info.cgroup = cgroup_limits();
  info.cores = allowed_cores(static_cast<std::size_t>(info.affinity_cpus), info.cgroup);
  info.governor = frequency_governor();
  const MemoryInfo memory = read_memory();
  info.memory_bytes = memory.total_bytes.value_or(0);
  info.memory_available_bytes = memory.available_bytes;
  utsname names{};
  if (uname(&names) == 0) info.kernel = fmt::format("{} {}", names.sysname, names.release);
  info.lathe_version = LATHE_VERSION;
  if (measure_peak && isa.ok()) info.fma_peak_gflops = kernels::measure_fma_peak_gflops(*isa, 0.2);
  return info;
}

nlohmann::json to_json(const SystemInfo& info) {
  nlohmann::json json{{"cpu", info.cpu},           {"isa", info.isa},
                      {"features", info.features}, {"caches", caches_json(info.caches)},
                      {"cores", info.cores},       {"memory_bytes", info.memory_bytes},
                      {"kernel", info.kernel},     {"lathe_version", info.lathe_version}};
  const auto add = [&json](const char* key, const auto& value) {
    if (value) json[key] = *value;
  };
  add("online_cpus", info.topology.online_cpus);
  add("physical_cores", info.topology.physical_cores);
  add("threads_per_core", info.topology.threads_per_core);
  if (info.affinity_cpus > 0) json["affinity_cpus"] = info.affinity_cpus;
  add("cgroup_cores", info.cgroup.cores);
  add("cgroup_memory_bytes", info.cgroup.memory_bytes);
  add("memory_available_bytes", info.memory_available_bytes);
  if (!info.governor.empty()) json["governor"] = info.governor;
  if (info.fma_peak_gflops > 0) json["fma_peak_gflops"] = info.fma_peak_gflops;
  return json;
}

std::string summarize(const SystemInfo& info) {
  std::string text =
      fmt::format("{}, {}, {} core{}, {} of memory", info.cpu, info.isa, info.cores,
                  info.cores == 1 ? "" : "s", format_bytes(static_cast<double>(info.memory_bytes)));
  if (info.fma_peak_gflops > 0) {
    text += fmt::format(", {:.0f} GFLOP/s float32 on one thread", info.fma_peak_gflops);
  }
  return text + "; Lathe " + info.lathe_version;
}

std::vector<std::pair<std::string, std::string>> describe(const SystemInfo& info) {
  std::vector<std::pair<std::string, std::string>> lines{{"Processor", info.cpu},
                                                         {"Instruction set", info.isa}};
  if (!info.features.empty()) {
    lines.emplace_back("Extensions", fmt::format("{}", fmt::join(info.features, " ")));
  }
  if (!info.caches.empty()) lines.emplace_back("Caches", describe_caches(info.caches));
  lines.emplace_back("Cores allowed", describe_cores(info));
  if (!info.governor.empty()) lines.emplace_back("Clock governor", info.governor);
  lines.emplace_back("Memory", describe_memory(info));
  lines.emplace_back("Operating system", info.kernel);
  lines.emplace_back("Lathe", info.lathe_version);
  if (info.fma_peak_gflops > 0) {
    lines.emplace_back("Peak of one thread",
                       fmt::format("{:.0f} GFLOP/s float32 (measured)", info.fma_peak_gflops));
  }
  return lines;
}

std::int64_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  std::string key;
  while (status >> key) {
    std::int64_t kilobytes = 0;
    if (key == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace lathe::measure

#include "measure/system_info.h"

#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "base/cpu.h"
#include "base/progress.h"
#include "kernels/peak.h"

namespace lathe::measure {

SystemInfo system_info(bool measure_peak) {
  SystemInfo info;
  info.cpu = cpu_model_name();
  const auto isa = select_isa();
  info.isa = isa.ok() ? isa_name(*isa) : "none";
  info.cores = allowed_cores();
  struct sysinfo memory {};
  if (sysinfo(&memory) == 0) {
    info.memory_bytes =
        static_cast<std::int64_t>(memory.totalram) * static_cast<std::int64_t>(memory.mem_unit);
  }
  utsname names{};
  if (uname(&names) == 0) info.kernel = fmt::format("{} {}", names.sysname, names.release);
  info.lathe_version = LATHE_VERSION;
  if (measure_peak && isa.ok()) info.fma_peak_gflops = kernels::measure_fma_peak_gflops(*isa, 0.2);
  return info;
}

nlohmann::json to_json(const SystemInfo& info) {
  nlohmann::json json{{"cpu", info.cpu},       {"isa", info.isa},
                      {"cores", info.cores},   {"memory_bytes", info.memory_bytes},
                      {"kernel", info.kernel}, {"lathe_version", info.lathe_version}};
  if (info.fma_peak_gflops > 0) json["fma_peak_gflops"] = info.fma_peak_gflops;
  return json;
}

std::vector<std::pair<std::string, std::string>> describe(const SystemInfo& info) {
  std::vector<std::pair<std::string, std::string>> lines{
      {"Processor", info.cpu},
      {"Instruction set", info.isa},
      {"Cores allowed", std::to_string(info.cores)},
      {"Memory", format_bytes(static_cast<double>(info.memory_bytes))},
      {"Operating system", info.kernel},
      {"Lathe", info.lathe_version}};
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

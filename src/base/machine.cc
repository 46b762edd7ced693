#include "base/machine.h"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/system_file.h"

namespace lathe {
namespace {

const char* const kCpus = "sys/devices/system/cpu";

std::vector<int> online_cpus(const Path& root) {
  return parse_cpu_list(read_system_file(root / kCpus / "online").value_or(""));
}

Path cpu_folder(const Path& root, int cpu) { return root / kCpus / ("cpu" + std::to_string(cpu)); }

}  // namespace

Topology read_topology(const Path& root) {
  Topology topology;
  const std::vector<int> cpus = online_cpus(root);
  if (cpus.empty()) return topology;
  topology.online_cpus = static_cast<int>(cpus.size());
  std::set<std::pair<std::int64_t, std::int64_t>> cores;
  for (const int cpu : cpus) {
    const Path folder = cpu_folder(root, cpu) / "topology";
    const auto core = parse_integer(read_system_file(folder / "core_id").value_or(""));
    if (!core) return topology;
    const auto package =
        parse_integer(read_system_file(folder / "physical_package_id").value_or(""));
    cores.emplace(package.value_or(0), *core);
  }
  topology.physical_cores = static_cast<int>(cores.size());
  const auto siblings = parse_cpu_list(
      read_system_file(cpu_folder(root, cpus.front()) / "topology/thread_siblings_list")
          .value_or(""));
  if (!siblings.empty()) topology.threads_per_core = static_cast<int>(siblings.size());
  return topology;
}

std::string frequency_governor(const Path& root) {
  std::set<std::string> governors;
  for (const int cpu : online_cpus(root)) {
    const auto governor = read_system_file(cpu_folder(root, cpu) / "cpufreq/scaling_governor");
    if (governor && !governor->empty()) governors.insert(*governor);
  }
  std::string text;
  for (const std::string& governor : governors) text += (text.empty() ? "" : ", ") + governor;
  return text;
}

MemoryInfo read_memory(const Path& root) {
  MemoryInfo memory;
  const std::string text = read_system_file(root / "proc/meminfo").value_or("");
  // "MemTotal:       24672820 kB"
  const std::vector<std::string_view> words = split_words(text);
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (words[i + 2] != "kB") continue;
    const auto kilobytes = parse_integer(words[i + 1]);
    if (!kilobytes || *kilobytes < 0 || *kilobytes > std::int64_t{1} << 50) continue;
    if (words[i] == "MemTotal:") memory.total_bytes = *kilobytes * 1024;
    if (words[i] == "MemAvailable:") memory.available_bytes = *kilobytes * 1024;
  }
  return memory;
}

}  // namespace lathe

#include "base/caches.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <unistd.h>

#include "base/cpu.h"
#include "base/system_file.h"

namespace lathe {
namespace {

constexpr int kMostCaches = 32;

// "48K", "2048K", "260M".
std::optional<std::int64_t> parse_size(std::string_view text) {
  int shift = 0;
  if (!text.empty() && text.back() == 'K') shift = 10;
  if (!text.empty() && text.back() == 'M') shift = 20;
  if (!text.empty() && text.back() == 'G') shift = 30;
  if (shift > 0) text.remove_suffix(1);
  const auto number = parse_integer(text);
  if (!number || *number <= 0 || *number > std::int64_t{1} << 30) return std::nullopt;
  return *number << shift;
}

std::optional<CacheKind> parse_kind(std::string_view text) {
  if (text == "Data") return CacheKind::kData;
  if (text == "Instruction") return CacheKind::kInstruction;
  if (text == "Unified") return CacheKind::kUnified;
  return std::nullopt;
}

std::vector<Cache> ask_c_library() {
  std::vector<Cache> found;
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  const auto add = [&](int level, CacheKind kind, int name) {
    const long bytes = sysconf(name);
    if (bytes > 0) found.push_back({level, kind, bytes, 0});
  };
  add(1, CacheKind::kData, _SC_LEVEL1_DCACHE_SIZE);
  add(1, CacheKind::kInstruction, _SC_LEVEL1_ICACHE_SIZE);
  add(2, CacheKind::kUnified, _SC_LEVEL2_CACHE_SIZE);
  add(3, CacheKind::kUnified, _SC_LEVEL3_CACHE_SIZE);
#endif
  return found;
}

}  // namespace

std::string_view cache_kind_name(CacheKind kind) {
  constexpr std::string_view kNames[] = {"data", "instruction", "unified"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Cache> read_caches(const Path& root, int cpu) {
  const Path folder = root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu)) / "cache";
  std::vector<Cache> found;
  for (int index = 0; index < kMostCaches; ++index) {
    const Path cache = folder / ("index" + std::to_string(index));
    const auto level = parse_integer(read_system_file(cache / "level").value_or(""));
    const auto kind = parse_kind(read_system_file(cache / "type").value_or(""));
    const auto bytes = parse_size(read_system_file(cache / "size").value_or(""));
    if (!level || *level < 1 || *level > 9 || !kind || !bytes) continue;
    const auto sharing = parse_cpu_list(read_system_file(cache / "shared_cpu_list").value_or(""));
    found.push_back({static_cast<int>(*level), *kind, *bytes, static_cast<int>(sharing.size())});
  }
  std::stable_sort(found.begin(), found.end(), [](const Cache& a, const Cache& b) {
    return std::tuple(a.level, a.kind) < std::tuple(b.level, b.kind);
  });
  return found;
}

std::span<const Cache> caches() {
  static const std::vector<Cache> found = [] {
    const std::vector<int> cpus = affinity_cpus();
    std::vector<Cache> told = read_caches("/", cpus.empty() ? 0 : cpus.front());
    return told.empty() ? ask_c_library() : told;
  }();
  return found;
}

std::int64_t level2_cache_bytes() {
  constexpr std::int64_t kUnknown = 512 * 1024;
  for (const Cache& cache : caches()) {
    if (cache.level == 2 && cache.kind != CacheKind::kInstruction) return cache.bytes;
  }
  return kUnknown;
}

std::int64_t last_level_cache_bytes() { return caches().empty() ? 0 : caches().back().bytes; }

}  // namespace lathe

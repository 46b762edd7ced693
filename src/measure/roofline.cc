#include "measure/roofline.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "base/progress.h"
#include "kernels/peak.h"
#include "kernels/read_bandwidth.h"
#include "measure/devices.h"

namespace lathe::measure {
namespace {

constexpr double kComputeSeconds = 0.1;  // for each kind of arithmetic
constexpr double kCacheSeconds = 0.05;   // for each level
constexpr double kFillSeconds = 0.8;
constexpr double kMemorySeconds = 0.25;

// What the caches of so many threads hold together.
std::int64_t bytes_of_all(const Cache& cache, int threads) {
  const bool is_last = cache.bytes == last_level_cache_bytes();
  const int sharing = cache.shared_by > 0 ? cache.shared_by : is_last ? threads : 1;
  return cache.bytes * ((threads + sharing - 1) / sharing);
}

Status add_caches(const SystemInfo& system, Isa isa, Roofline& roofline) {
  for (const Cache& cache : system.caches) {
    if (cache.kind == CacheKind::kInstruction) continue;
    MemoryLevel level{fmt::format("L{}", cache.level), bytes_of_all(cache, roofline.threads), 0};
    // Half of it, since code and what others read are in there too.
    const std::int64_t each = level.bytes / roofline.threads / 2;
    ASSIGN_OR_RETURN(level.gb_per_s,
                     kernels::measure_cache_bandwidth(isa, each, roofline.threads, kCacheSeconds));
    roofline.levels.push_back(std::move(level));
  }
  return {};
}

Status add_memory(const SystemInfo& system, Isa isa, Roofline& roofline) {
  ASSIGN_OR_RETURN(const kernels::ReadBandwidth read,
                   kernels::measure_read_bandwidth(isa, memory_buffer_bytes(system),
                                                   std::span(&roofline.threads, 1), kFillSeconds,
                                                   kMemorySeconds));
  roofline.levels.push_back({"memory", read.buffer_bytes, read.rates.at(0).gb_per_s});
  return {};
}

}  // namespace

double Roofline::compute_ms(double macs, ir::DataType multiplies) const {
  if (macs == 0) return 0;
  const double peak = multiplies == ir::DataType::kInt8       ? int8_gops
                      : multiplies == ir::DataType::kBFloat16 ? bf16_gflops
                                                              : float32_gflops;
  return 2e-6 * macs / peak;
}

double Roofline::memory_ms(double bytes) const {
  if (levels.empty()) return 0;
  const auto holds = std::find_if(levels.begin(), levels.end() - 1, [&](const MemoryLevel& level) {
    return bytes <= static_cast<double>(level.bytes);
  });
  return 1e-6 * bytes / holds->gb_per_s;
}

Result<Roofline> measure_roofline(const SystemInfo& system, int threads) {
  ASSIGN_OR_RETURN(const Isa isa, select_isa());
  Roofline roofline;
  roofline.threads = threads;
  roofline.float32_gflops = kernels::measure_fma_peak_gflops(isa, kComputeSeconds, threads);
  roofline.int8_gops = kernels::measure_int8_peak_gops(isa, kComputeSeconds, threads);
  roofline.int8_vector_gops = roofline.int8_gops;
  roofline.int8_instructions = isa_name(isa.has(Isa::kAvx512Vnni) ? Isa::kAvx512Vnni : isa);
  if (isa.has(Isa::kAmx)) {
    const auto amx = kernels::measure_amx_int8_peak_gops(kComputeSeconds, threads);
    if (amx.ok() && *amx > roofline.int8_gops) {
      roofline.int8_gops = *amx;
      roofline.int8_instructions = "AMX";
    }
  }
  roofline.bf16_gflops = kernels::measure_bf16_peak_gflops(isa, kComputeSeconds, threads);
  RETURN_IF_ERROR(add_caches(system, isa, roofline));
  RETURN_IF_ERROR(add_memory(system, isa, roofline));
  for (std::size_t i = roofline.levels.size() - 1; i > 0; --i) {
    double& nearer = roofline.levels[i - 1].gb_per_s;
    nearer = std::max(nearer, roofline.levels[i].gb_per_s);
  }
  return roofline;
}

nlohmann::json to_json(const Roofline& roofline) {
  nlohmann::json json{{"threads", roofline.threads},
                      {"float32_gflops", roofline.float32_gflops},
                      {"int8_gops", roofline.int8_gops},
                      {"int8_instructions", roofline.int8_instructions},
                      {"int8_vector_gops", roofline.int8_vector_gops},
                      {"bf16_gflops", roofline.bf16_gflops},
                      {"memory", nlohmann::json::array()}};
  for (const MemoryLevel& level : roofline.levels) {
    json["memory"].push_back(
        {{"name", level.name}, {"bytes", level.bytes}, {"gb_per_s", level.gb_per_s}});
  }
  return json;
}

std::vector<std::pair<std::string, std::string>> describe(const Roofline& roofline) {
  const bool amx = roofline.int8_instructions == "AMX";
  std::vector<std::pair<std::string, std::string>> lines{
      {"float32", fmt::format("{:.4g} GFLOP/s", roofline.float32_gflops)},
      {"int8", fmt::format("{:.4g} GOP/s by {}{}", roofline.int8_gops, roofline.int8_instructions,
                           amx ? fmt::format(" ({:.4g} without)", roofline.int8_vector_gops) : "")},
      {"bfloat16", fmt::format("{:.4g} GFLOP/s", roofline.bf16_gflops)}};
  for (const MemoryLevel& level : roofline.levels) {
    const bool is_memory = &level == &roofline.levels.back();
    lines.emplace_back(
        level.name,
        fmt::format("{:.3g} GB/s{}", level.gb_per_s,
                    is_memory ? ""
                              : fmt::format(" for up to {}",
                                            format_bytes(static_cast<double>(level.bytes)))));
  }
  return lines;
}

}  // namespace lathe::measure

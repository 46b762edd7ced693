#include "measure/devices.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "base/cpu.h"
#include "engine/backend.h"
#include "kernels/peak.h"

namespace lathe::measure {
namespace {

// Large enough to leave out the caches of small machines that do not tell of them.
constexpr std::int64_t kSmallestBuffer = std::int64_t{64} << 20;
// What can be filled and read often enough in the time there is.
constexpr std::int64_t kLargestBuffer = std::int64_t{512} << 20;

OptionalPeak to_peak(const Result<double>& measured) {
  if (measured.ok()) return {*measured, {}};
  return {0, measured.error().message()};
}

nlohmann::json to_json(const Peaks& peaks) {
  nlohmann::json json{{"float32_gflops", peaks.float32_gflops},
                      {"int8_gops", peaks.int8_gops},
                      {"memory_read", nlohmann::json::array()},
                      {"memory_read_buffer_bytes", peaks.memory_read.buffer_bytes}};
  const auto add = [&json](const char* key, const char* reason_key, const OptionalPeak& peak) {
    if (peak.reason.empty()) {
      json[key] = peak.value;
    } else {
      json[reason_key] = peak.reason;
    }
  };
  add("amx_int8_gops", "amx_int8_reason", peaks.amx_int8_gops);
  add("amx_bf16_gflops", "amx_bf16_reason", peaks.amx_bf16_gflops);
  for (const auto& read : peaks.memory_read.rates) {
    json["memory_read"].push_back({{"threads", read.threads}, {"gb_per_s", read.gb_per_s}});
  }
  if (!peaks.memory_read_reason.empty()) json["memory_read_reason"] = peaks.memory_read_reason;
  return json;
}

nlohmann::json to_json(const Gpu& gpu) {
  nlohmann::json json{{"name", gpu.name}};
  if (gpu.memory_bytes) json["memory_bytes"] = *gpu.memory_bytes;
  if (gpu.memory_free_bytes) json["memory_free_bytes"] = *gpu.memory_free_bytes;
  if (!gpu.compute_capability.empty()) json["compute_capability"] = gpu.compute_capability;
  return json;
}

}  // namespace

std::int64_t memory_buffer_bytes(const SystemInfo& system) {
  std::int64_t bytes = std::clamp(4 * last_level_cache_bytes(), kSmallestBuffer, kLargestBuffer);
  bytes = std::min(bytes, system.memory_available_bytes.value_or(bytes * 4) / 4);
  return std::min(bytes, system.cgroup.memory_bytes.value_or(bytes * 4) / 4);
}

Result<Peaks> measure_peaks(const SystemInfo& system) {
  constexpr double kSeconds = 0.1;  // for each of four
  constexpr double kFillSeconds = 0.8;
  constexpr double kReadSeconds = 0.25;  // for each of two
  ASSIGN_OR_RETURN(const Isa isa, select_isa());
  Peaks peaks;
  peaks.float32_gflops = kernels::measure_fma_peak_gflops(isa, kSeconds);
  peaks.int8_gops = kernels::measure_int8_peak_gops(isa, kSeconds);
  peaks.amx_int8_gops = to_peak(kernels::measure_amx_int8_peak_gops(kSeconds));
  peaks.amx_bf16_gflops = to_peak(kernels::measure_amx_bf16_peak_gflops(kSeconds));
  // All cores first: they share the work of filling the buffer.
  std::vector<int> threads = {system.cores, 1};
  if (system.cores == 1) threads.pop_back();
  auto read = kernels::measure_read_bandwidth(isa, memory_buffer_bytes(system), threads,
                                              kFillSeconds, kReadSeconds);
  if (read.ok()) {
    peaks.memory_read = *std::move(read);
    std::reverse(peaks.memory_read.rates.begin(), peaks.memory_read.rates.end());
  } else {
    peaks.memory_read_reason = read.error().message();
  }
  return peaks;
}

std::vector<BackendInfo> list_backends() {
  std::vector<BackendInfo> list;
  for (const engine::Backend* backend : engine::backends()) {
    const engine::Availability availability = backend->available();
    BackendInfo info{
        std::string(backend->name()), {}, availability.available, availability.reason, {}};
    if (info.available) {
      info.version = backend->version();
      info.providers = backend->providers();
    }
    list.push_back(std::move(info));
  }
  return list;
}

Result<Devices> list_devices(bool with_peaks) {
  Devices devices;
  devices.system = system_info(false);
  if (with_peaks) {
    ASSIGN_OR_RETURN(devices.peaks, measure_peaks(devices.system));
    devices.system.fma_peak_gflops = devices.peaks->float32_gflops;
  }
  auto gpus = nvidia_gpus();
  if (gpus.ok()) {
    devices.gpus = *std::move(gpus);
  } else {
    devices.gpus_reason = gpus.error().message();
  }
  devices.backends = list_backends();
  return devices;
}

nlohmann::json to_json(const BackendInfo& backend) {
  nlohmann::json json{{"name", backend.name}, {"available", backend.available}};
  if (!backend.available) json["reason"] = backend.reason;
  if (!backend.version.empty()) json["version"] = backend.version;
  if (!backend.providers.empty()) json["providers"] = backend.providers;
  return json;
}

nlohmann::json to_json(const Devices& devices) {
  nlohmann::json json{{"system", to_json(devices.system)},
                      {"gpus", nlohmann::json::array()},
                      {"backends", nlohmann::json::array()}};
  if (devices.peaks) json["peaks"] = to_json(*devices.peaks);
  for (const Gpu& gpu : devices.gpus.gpus) json["gpus"].push_back(to_json(gpu));
  if (!devices.gpus.driver_version.empty()) {
    json["gpu_driver_version"] = devices.gpus.driver_version;
  }
  if (!devices.gpus_reason.empty()) json["gpus_reason"] = devices.gpus_reason;
  for (const BackendInfo& backend : devices.backends) json["backends"].push_back(to_json(backend));
  return json;
}

}  // namespace lathe::measure

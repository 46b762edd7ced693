#include "measure/devices.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace lathe::measure {
namespace {

using testing::HasSubstr;
using testing::Pair;

SystemInfo large_machine() {
  SystemInfo info;
  info.cpu = "Example";
  info.isa = "avx2";
  info.features = {"avx2", "fma"};
  info.caches = {{1, CacheKind::kData, 48 << 10, 2},
                 {1, CacheKind::kInstruction, 32 << 10, 1},
                 {3, CacheKind::kUnified, 3 << 19, 0}};
  info.cores = 2;
  info.topology = {.online_cpus = 16, .physical_cores = 8, .threads_per_core = 2};
  info.affinity_cpus = 4;
  info.cgroup = {.cores = 1.5, .memory_bytes = 2'000'000'000};
  info.governor = "powersave";
  info.memory_bytes = 32'000'000'000;
  info.memory_available_bytes = 16'000'000'000;
  return info;
}

TEST(SystemInfo, TellsWhatBoundsTheProcess) {
  const auto lines = describe(large_machine());
  EXPECT_THAT(lines, testing::Contains(Pair("Cores allowed",
                                            "2 (affinity mask of 4, cgroup quota of 1.5; machine "
                                            "of 8 cores, 16 threads)")));
  EXPECT_THAT(lines, testing::Contains(
                         Pair("Caches", "L1d 48 KiB of 2 processors, L1i 32 KiB, L3 1.5 MiB")));
  EXPECT_THAT(lines, testing::Contains(Pair("Extensions", "avx2 fma")));
  EXPECT_THAT(lines, testing::Contains(Pair("Clock governor", "powersave")));
  EXPECT_THAT(lines, testing::Contains(
                         Pair("Memory", "32.00 GB, 16.00 GB available, cgroup limit 2.00 GB")));
  const nlohmann::json json = to_json(large_machine());
  EXPECT_EQ(json.at("cgroup_cores"), 1.5);
  EXPECT_EQ(json.at("caches").at(0).at("kind"), "data");
  EXPECT_EQ(json.at("caches").at(0).at("shared_by"), 2);
  EXPECT_EQ(json.at("governor"), "powersave");
}

TEST(SystemInfo, HasASummary) {
  SystemInfo info = large_machine();
  info.lathe_version = "1.2";
  EXPECT_EQ(summarize(info), "Example, avx2, 2 cores, 32.00 GB of memory; Lathe 1.2");
  info.fma_peak_gflops = 93.4;
  EXPECT_THAT(summarize(info), HasSubstr("93 GFLOP/s float32 on one thread"));
}

TEST(SystemInfo, LeavesOutWhatCannotBeTold) {
  const SystemInfo unknown;
  const nlohmann::json json = to_json(unknown);
  for (const char* key : {"governor", "cgroup_cores", "physical_cores", "affinity_cpus"})
    EXPECT_FALSE(json.contains(key)) << key;
  EXPECT_THAT(describe(unknown), testing::Contains(Pair("Cores allowed", "1")));
}

TEST(SystemInfo, OfThisMachineIsPlausible) {
  const SystemInfo info = system_info(false);
  EXPECT_GT(info.memory_bytes, 1 << 20);
  EXPECT_LE(info.cores, std::max(1, info.affinity_cpus));
}

TEST(Devices, ListBackendsAndWhyGpusAreMissing) {
  setenv("LATHE_NVML", "/nonexistent/libnvidia-ml.so", 1);
  const auto devices = list_devices(false);
  unsetenv("LATHE_NVML");
  ASSERT_TRUE(devices.ok()) << devices.error().message();
  const nlohmann::json json = to_json(*devices);
  EXPECT_FALSE(json.contains("peaks"));
  EXPECT_TRUE(json.at("gpus").empty());
  EXPECT_THAT(json.at("gpus_reason").get<std::string>(), HasSubstr("/nonexistent"));
  EXPECT_EQ(json.at("backends").at(0).at("name"), "native");
  for (const nlohmann::json& backend : json.at("backends"))
    EXPECT_NE(backend.contains("version"), backend.contains("reason")) << backend.dump();
}

TEST(Devices, ListGpusWithWhatIsKnownOfThem) {
  setenv("LATHE_NVML", LATHE_FAKE_NVML, 1);
  setenv("FAKE_NVML", "2", 1);
  const auto devices = list_devices(false);
  unsetenv("LATHE_NVML");
  unsetenv("FAKE_NVML");
  ASSERT_TRUE(devices.ok());
  const nlohmann::json json = to_json(*devices);
  EXPECT_EQ(json.at("gpu_driver_version"), "550.54.15");
  EXPECT_EQ(json.at("gpus").at(0).at("compute_capability"), "9.0");
  EXPECT_EQ(json.at("gpus").at(0).at("memory_bytes"), std::int64_t{16} << 30);
  EXPECT_FALSE(json.at("gpus").at(1).contains("memory_bytes"));
}

TEST(Devices, MeasuresPeaksOnASmallBufferWhereMemoryIsShort) {
  SystemInfo system;
  system.cores = 2;
  system.cgroup.memory_bytes = 8 << 20;
  const auto peaks = measure_peaks(system);
  ASSERT_TRUE(peaks.ok()) << peaks.error().message();
  EXPECT_GT(peaks->float32_gflops, 0);
  EXPECT_GT(peaks->int8_gops, 0);
  EXPECT_EQ(peaks->memory_read.buffer_bytes, 2 << 20);
  ASSERT_EQ(peaks->memory_read.rates.size(), 2U);
  EXPECT_EQ(peaks->memory_read.rates[0].threads, 1);
  EXPECT_EQ(peaks->memory_read.rates[1].threads, 2);
}

TEST(Devices, RefusesAnUnknownInstructionSet) {
  const char* before = std::getenv("LATHE_ISA");
  const std::string saved = before == nullptr ? "" : before;
  setenv("LATHE_ISA", "pdp11", 1);
  const auto devices = list_devices(true);
  setenv("LATHE_ISA", saved.c_str(), 1);
  ASSERT_FALSE(devices.ok());
  EXPECT_THAT(devices.error().message(), HasSubstr("LATHE_ISA"));
}

}  // namespace
}  // namespace lathe::measure

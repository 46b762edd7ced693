#include "base/machine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/test_root.h"

namespace lathe {
namespace {

TEST(Machine, CountsCoresOfAllPackages) {
  const TestRoot root;
  root.write("sys/devices/system/cpu/online", "0-7\n");
  for (int cpu = 0; cpu < 8; ++cpu) {  // two packages of two cores of two threads
    const std::string folder = fmt::format("sys/devices/system/cpu/cpu{}/topology/", cpu);
    root.write(folder + "core_id", fmt::format("{}\n", cpu % 2));
    root.write(folder + "physical_package_id", fmt::format("{}\n", cpu / 2 % 2));
    root.write(folder + "thread_siblings_list", fmt::format("{},{}\n", cpu % 4, cpu % 4 + 4));
  }
  const Topology topology = read_topology(root.path());
  EXPECT_EQ(topology.online_cpus, 8);
  EXPECT_EQ(topology.physical_cores, 4);
  EXPECT_EQ(topology.threads_per_core, 2);
}

TEST(Machine, LeavesOpenWhatTheSystemDoesNotTell) {
  const TestRoot root;
  EXPECT_EQ(read_topology(root.path()).online_cpus, std::nullopt);
  EXPECT_EQ(frequency_governor(root.path()), "");
  EXPECT_EQ(read_memory(root.path()).total_bytes, std::nullopt);
  root.write("sys/devices/system/cpu/online", "0-1");
  const Topology topology = read_topology(root.path());
  EXPECT_EQ(topology.online_cpus, 2);
  EXPECT_EQ(topology.physical_cores, std::nullopt);
  EXPECT_EQ(topology.threads_per_core, std::nullopt);
}

TEST(Machine, NamesEachGovernorOnce) {
  const TestRoot root;
  root.write("sys/devices/system/cpu/online", "0-3");
  root.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "schedutil\n");
  root.write("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "schedutil\n");
  EXPECT_EQ(frequency_governor(root.path()), "schedutil");
  root.write("sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "performance\n");
  EXPECT_EQ(frequency_governor(root.path()), "performance, schedutil");
}

TEST(Machine, ReadsMemory) {
  const TestRoot root;
  root.write("proc/meminfo",
             "MemTotal:       24672820 kB\nMemFree:        1 kB\nMemAvailable:    4096 kB\n"
             "HugePages_Total:       0\n");
  EXPECT_EQ(read_memory(root.path()).total_bytes, 24672820LL * 1024);
  EXPECT_EQ(read_memory(root.path()).available_bytes, 4096 * 1024);
  root.write("proc/meminfo", "MemTotal: much kB\nMemAvailable: 9223372036854775807 kB\n");
  EXPECT_EQ(read_memory(root.path()).total_bytes, std::nullopt);
  EXPECT_EQ(read_memory(root.path()).available_bytes, std::nullopt);
}

}  // namespace
}  // namespace lathe

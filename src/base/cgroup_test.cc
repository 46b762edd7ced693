#include "base/cgroup.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/test_root.h"

namespace lathe {
namespace {

constexpr const char* kVersion2Mount =
    "24 1 0:22 / /sys rw - sysfs sysfs rw\n"
    "31 24 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

// What is read where /proc/self tells of these mounts and groups, and files below /sys/fs/cgroup
// have these contents.
CgroupLimits limits_of(std::string_view mounts, std::string_view groups,
                       std::initializer_list<std::pair<std::string, std::string_view>> files) {
  const TestRoot root;
  root.write("proc/self/mountinfo", mounts);
  root.write("proc/self/cgroup", groups);
  for (const auto& [name, content] : files) root.write("sys/fs/cgroup/" + name, content);
  return cgroup_limits(root.path());
}

TEST(CgroupLimits, Version2TakesTheTightestOfAllAncestors) {
  const CgroupLimits limits = limits_of(kVersion2Mount, "0::/user.slice/job:1\n",
                                        {{"user.slice/cpu.max", "150000 100000\n"},
                                         {"user.slice/memory.max", "max\n"},
                                         {"user.slice/job:1/cpu.max", "max 100000\n"},
                                         {"user.slice/job:1/memory.max", "1073741824\n"}});
  EXPECT_EQ(limits.cores, 1.5);
  EXPECT_EQ(limits.memory_bytes, 1073741824);
}

TEST(CgroupLimits, Version1KeepsAHierarchyPerController) {
  const CgroupLimits limits = limits_of(
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "35 31 0:32 / /sys/fs/cgroup/my\\040memory rw shared:3 - cgroup cgroup rw,memory\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
      "5:memory:/a/b\n4:cpu,cpuacct:/c\n0::/\n",
      {{"cpu,cpuacct/c/cpu.cfs_quota_us", "-1"},
       {"cpu,cpuacct/c/cpu.cfs_period_us", "100000"},
       {"cpu,cpuacct/cpu.cfs_quota_us", "400000"},
       {"cpu,cpuacct/cpu.cfs_period_us", "100000"},
       {"my memory/a/b/memory.limit_in_bytes", "9223372036854771712"},
       {"my memory/a/memory.limit_in_bytes", "536870912"}});
  EXPECT_EQ(limits.cores, 4.0);
  EXPECT_EQ(limits.memory_bytes, 536870912);
}

// The names that a container is told may be those outside of it, or lie beyond what it sees.
TEST(CgroupLimits, AContainersOwnGroupIsMountedAtTheTop) {
  const CgroupLimits limits = limits_of(
      "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
      "36 31 0:33 / /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
      "5:memory:/docker/abc\n4:cpu:/../../elsewhere\n",
      {{"memory/memory.limit_in_bytes", "268435456"},
       {"cpu/cpu.cfs_quota_us", "50000"},
       {"cpu/cpu.cfs_period_us", "100000"}});
  EXPECT_EQ(limits.memory_bytes, 268435456);
  EXPECT_EQ(limits.cores, 0.5);
}

TEST(CgroupLimits, DamagedOrMissingFilesSetNoLimit) {
  const TestRoot nothing;
  EXPECT_EQ(cgroup_limits(nothing.path()).cores, std::nullopt);
  const CgroupLimits limits =
      limits_of(fmt::format("{}x - cgroup\n- - - - - - - -\n", kVersion2Mount),
                "0\n0:\n::\n0::relative\n", {{"cpu.max", "100000 0"}, {"memory.max", "many"}});
  EXPECT_EQ(limits.cores, std::nullopt);
  EXPECT_EQ(limits.memory_bytes, std::nullopt);
}

}  // namespace
}  // namespace lathe

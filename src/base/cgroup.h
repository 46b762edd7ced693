// What the control groups of this process allow it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/file.h"

namespace lathe {

// Nothing where no limit is set.
struct CgroupLimits {
  std::optional<double> cores;  // CPU time per time, e.g. 1.5
  std::optional<std::int64_t> memory_bytes;
};

// The tightest limits of the process's groups and of the groups around them, as far as they are
// mounted: version 2 (cpu.max, memory.max) and version 1 (cpu.cfs_quota_us, memory.limit_in_bytes),
// also side by side. Files are looked for below `root`, of which tests make a small copy.
CgroupLimits cgroup_limits(const Path& root = "/");

}  // namespace lathe

// What this machine's processor can do and how much of it this process may use.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cgroup.h"
#include "base/result.h"

namespace lathe {

// Instruction sets that kernels are written for, from the least to the most capable. Each one
// implies those before it, except that kScalar runs everywhere, on other architectures too.
enum class Isa {
  kScalar,
  kAvx2,        // AVX2, FMA, F16C
  kAvx512,      // AVX-512 F, BW, DQ, VL
  kAvx512Vnni,  // and VNNI: 8-bit dot products
};

std::string_view isa_name(Isa isa);  // "scalar", "avx2", "avx512", "avx512vnni"
Result<Isa> parse_isa(std::string_view name);

// Whether processor and operating system run `isa`.
bool isa_supported(Isa isa);
// All that are supported, least capable first.
std::span<const Isa> supported_isas();
// The most capable one supported, or the one that the environment variable LATHE_ISA names. A name
// that is unknown or not supported here is an error that lists those which are.
Result<Isa> select_isa();

std::string cpu_model_name();  // e.g. "AMD EPYC 9B45", "unknown" where it cannot be told

// Processors in the affinity mask of the calling thread, ascending; none where it cannot be told.
std::vector<int> affinity_cpus();

// Cores that this process may use: the smaller of its affinity mask and its cgroup's CPU quota
// (rounded up), at least 1.
int allowed_cores();
// The same of a mask of `affinity` processors and given limits.
int allowed_cores(std::size_t affinity, const CgroupLimits& limits);

}  // namespace lathe

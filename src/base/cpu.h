// What this machine's processor can do and how much of it this process may use.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cgroup.h"
#include "base/result.h"

namespace lathe {

// A set of extensions of the instruction set: what a kernel needs, or what a machine has. No order:
// one processor has AMX, another 256-bit dot products without AVX-512. The sets below have names,
// and hold what they say and all that it builds upon.
class Isa {
 public:
  static const Isa kScalar;      // nothing: runs everywhere, on other architectures too
  static const Isa kAvx2;        // AVX2, FMA, F16C, BMI1 and BMI2
  static const Isa kAvxVnni;     // and 8-bit dot products in 256 bits
  static const Isa kAvx512;      // AVX2 and AVX-512 F, BW, DQ, VL, CD
  static const Isa kAvx512Vnni;  // and 8-bit dot products
  static const Isa kAvx512Bf16;  // and dot products of bfloat16
  static const Isa kAvx512Fp16;  // AVX-512 VNNI, and arithmetic on float16
  static const Isa kAmx;         // AVX-512 VNNI and BF16, and tiles of 8 bits and of bfloat16
  static const Isa kNeon;        // AArch64's Advanced SIMD
  static const Isa kNeonDot;     // and 8-bit dot products

  constexpr Isa() = default;
  // Whether all of `other` is in this set.
  [[nodiscard]] constexpr bool has(Isa other) const { return (bits_ & other.bits_) == other.bits_; }
  [[nodiscard]] constexpr Isa with(Isa other) const { return Isa(bits_ | other.bits_); }
  constexpr bool operator==(const Isa&) const = default;

 private:
  explicit constexpr Isa(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

inline constexpr Isa Isa::kScalar{0};
inline constexpr Isa Isa::kAvx2{1U << 0};
inline constexpr Isa Isa::kAvxVnni{kAvx2.bits_ | 1U << 1};
inline constexpr Isa Isa::kAvx512{kAvx2.bits_ | 1U << 2};
inline constexpr Isa Isa::kAvx512Vnni{kAvx512.bits_ | 1U << 3};
inline constexpr Isa Isa::kAvx512Bf16{kAvx512Vnni.bits_ | 1U << 4};
inline constexpr Isa Isa::kAvx512Fp16{kAvx512Vnni.bits_ | 1U << 5};
inline constexpr Isa Isa::kAmx{kAvx512Bf16.bits_ | 1U << 6};
inline constexpr Isa Isa::kNeon{1U << 16};
inline constexpr Isa Isa::kNeonDot{kNeon.bits_ | 1U << 17};

// The name of the most capable named set that `isa` holds: "scalar", "avx2", "avxvnni", "avx512",
// "avx512vnni", "avx512bf16", "avx512fp16", "amx", "neon", "neondot".
std::string_view isa_name(Isa isa);
Result<Isa> parse_isa(std::string_view name);

// Whether processor and operating system run all of `isa`. Asks Linux for the registers of AMX, of
// which a process has none before.
bool isa_supported(Isa isa);
// The named sets that are supported, least capable first.
std::span<const Isa> supported_isas();
// All that is supported, or the set that the environment variable LATHE_ISA names. A name that is
// unknown or not supported here is an error that lists those which are.
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

// The extensions of the processor's instruction set that matter to inference.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lathe {

// Those that processor and operating system both support, named as compilers name them. x86-64:
// sse4.2, avx, avx2, fma, f16c, bmi, bmi2, avxvnni, avx512f, avx512bw, avx512dq, avx512vl,
// avx512cd, avx512vnni, avx512bf16, avx512fp16, amx-tile, amx-int8, amx-bf16, amx-fp16. AArch64:
// asimd, fp16, dotprod, i8mm, bf16, sve, sve2. In that order; none on other architectures.
// Thread-safe.
std::span<const std::string_view> cpu_features();
bool has_cpu_feature(std::string_view name);

// Whether vectors of 512 bits are computed in halves, so that they take twice the time of 256:
// AMD's Zen 4 (family 19h), "Software Optimization Guide for the AMD Zen4 Microarchitecture", 2.11.
bool halves_512_bit_vectors();

// What the CPUID instruction answers, by leaf and register, and the register of enabled states.
struct CpuidWords {
  std::uint32_t leaf1_ecx = 0;
  std::uint32_t leaf7_ebx = 0;
  std::uint32_t leaf7_ecx = 0;
  std::uint32_t leaf7_edx = 0;
  std::uint32_t leaf7_1_eax = 0;
  std::uint64_t xcr0 = 0;  // 0 where the operating system does not use XSAVE
};
std::vector<std::string_view> x86_features(const CpuidWords& words);
// From the auxiliary vector's AT_HWCAP and AT_HWCAP2.
std::vector<std::string_view> aarch64_features(std::uint64_t hwcap, std::uint64_t hwcap2);

}  // namespace lathe

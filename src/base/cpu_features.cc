#include "base/cpu_features.h"

#include <algorithm>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace lathe {
namespace {

// States that the operating system must save for registers to be usable: bits of XCR0.
constexpr std::uint64_t kNoState = 0;
constexpr std::uint64_t kVectors = 0x6;       // XMM, YMM
constexpr std::uint64_t kWideVectors = 0xe6;  // and masks, ZMM
constexpr std::uint64_t kTiles = 0x3 << 17;   // tile configuration and data

struct X86Feature {
  std::string_view name;
  std::uint32_t CpuidWords::*word;
  int bit;
  std::uint64_t state;
};

constexpr X86Feature kX86Features[] = {
    {"sse4.2", &CpuidWords::leaf1_ecx, 20, kNoState},
    {"avx", &CpuidWords::leaf1_ecx, 28, kVectors},
    {"avx2", &CpuidWords::leaf7_ebx, 5, kVectors},
    {"fma", &CpuidWords::leaf1_ecx, 12, kVectors},
    {"f16c", &CpuidWords::leaf1_ecx, 29, kVectors},
    {"bmi", &CpuidWords::leaf7_ebx, 3, kNoState},
    {"bmi2", &CpuidWords::leaf7_ebx, 8, kNoState},
    {"avxvnni", &CpuidWords::leaf7_1_eax, 4, kVectors},
    {"avx512f", &CpuidWords::leaf7_ebx, 16, kWideVectors},
    {"avx512bw", &CpuidWords::leaf7_ebx, 30, kWideVectors},
    {"avx512dq", &CpuidWords::leaf7_ebx, 17, kWideVectors},
    {"avx512vl", &CpuidWords::leaf7_ebx, 31, kWideVectors},
    {"avx512cd", &CpuidWords::leaf7_ebx, 28, kWideVectors},
    {"avx512vnni", &CpuidWords::leaf7_ecx, 11, kWideVectors},
    {"avx512bf16", &CpuidWords::leaf7_1_eax, 5, kWideVectors},
    {"avx512fp16", &CpuidWords::leaf7_edx, 23, kWideVectors},
    {"amx-tile", &CpuidWords::leaf7_edx, 24, kTiles},
    {"amx-int8", &CpuidWords::leaf7_edx, 25, kTiles},
    {"amx-bf16", &CpuidWords::leaf7_edx, 22, kTiles},
    {"amx-fp16", &CpuidWords::leaf7_1_eax, 21, kTiles},
};

struct Aarch64Feature {
  std::string_view name;
  int word;  // 0: AT_HWCAP, 1: AT_HWCAP2
  int bit;
};

constexpr Aarch64Feature kAarch64Features[] = {{"asimd", 0, 1}, {"fp16", 0, 10}, {"dotprod", 0, 20},
                                               {"i8mm", 1, 13}, {"bf16", 1, 14}, {"sve", 0, 22},
                                               {"sve2", 1, 1}};

#if defined(__x86_64__)
CpuidWords read_cpuid() {
  CpuidWords words;
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0) {
    words.leaf1_ecx = ecx;
    if ((ecx & (1U << 27)) != 0) {  // XGETBV exists and XSAVE is in use
      std::uint32_t low = 0;
      std::uint32_t high = 0;
      __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
      words.xcr0 = std::uint64_t{high} << 32 | low;
    }
  }
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) {
    words.leaf7_ebx = ebx;
    words.leaf7_ecx = ecx;
    words.leaf7_edx = edx;
    const unsigned last = eax;
    if (last >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0) words.leaf7_1_eax = eax;
  }
  return words;
}
#endif

bool detect_halves() {
#if defined(__x86_64__)
  constexpr unsigned kAuth = 0x68747541;  // of "AuthenticAMD"
  constexpr unsigned kFamily = 0x19;      // Zen 3, without AVX-512, and Zen 4
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid(0, &eax, &ebx, &ecx, &edx) == 0 || ebx != kAuth) return false;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return false;
  return (eax >> 8 & 0xf) + (eax >> 20 & 0xff) == kFamily && has_cpu_feature("avx512f");
#else
  return false;
#endif
}

std::vector<std::string_view> detect() {
#if defined(__x86_64__)
  return x86_features(read_cpuid());
#elif defined(__aarch64__)
  return aarch64_features(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
#else
  return {};
#endif
}

}  // namespace

std::vector<std::string_view> x86_features(const CpuidWords& words) {
  std::vector<std::string_view> names;
  for (const X86Feature& feature : kX86Features) {
    if ((words.*feature.word >> feature.bit & 1) != 0 &&
        (words.xcr0 & feature.state) == feature.state) {
      names.push_back(feature.name);
    }
  }
  return names;
}

std::vector<std::string_view> aarch64_features(std::uint64_t hwcap, std::uint64_t hwcap2) {
  std::vector<std::string_view> names;
  for (const Aarch64Feature& feature : kAarch64Features) {
    if (((feature.word == 0 ? hwcap : hwcap2) >> feature.bit & 1) != 0)
      names.push_back(feature.name);
  }
  return names;
}

bool halves_512_bit_vectors() {
  static const bool halves = detect_halves();
  return halves;
}

std::span<const std::string_view> cpu_features() {
  static const std::vector<std::string_view> features = detect();
  return features;
}

bool has_cpu_feature(std::string_view name) {
  const auto features = cpu_features();
  return std::find(features.begin(), features.end(), name) != features.end();
}

}  // namespace lathe

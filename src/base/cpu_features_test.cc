#include "base/cpu_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"

namespace lathe {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint32_t bit(int index) { return std::uint32_t{1} << index; }

TEST(CpuFeatures, X86NeedsTheProcessorAndTheOperatingSystem) {
  CpuidWords words;
  words.leaf1_ecx = bit(20) | bit(28) | bit(12);
  words.leaf7_ebx = bit(5) | bit(16);
  words.leaf7_ecx = bit(11);
  words.leaf7_edx = bit(24) | bit(25);
  EXPECT_THAT(x86_features(words), ElementsAre("sse4.2"));
  words.xcr0 = 0x7;
  EXPECT_THAT(x86_features(words), ElementsAre("sse4.2", "avx", "avx2", "fma"));
  words.xcr0 = 0xe7;
  EXPECT_THAT(x86_features(words),
              ElementsAre("sse4.2", "avx", "avx2", "fma", "avx512f", "avx512vnni"));
  words.xcr0 = 0x600e7;
  EXPECT_THAT(x86_features(words), Contains("amx-int8"));
  words.xcr0 = 0x400e7;  // half of the tiles' state is not enough
  EXPECT_THAT(x86_features(words), Not(Contains("amx-int8")));
}

TEST(CpuFeatures, Aarch64ReadsTheAuxiliaryVector) {
  EXPECT_THAT(aarch64_features(bit(1) | bit(20), bit(13)), ElementsAre("asimd", "dotprod", "i8mm"));
  EXPECT_THAT(aarch64_features(0, 0), IsEmpty());
}

TEST(CpuFeatures, HoldWhatTheInstructionSetImplies) {
  EXPECT_FALSE(has_cpu_feature("mmx"));
  if (isa_supported(Isa::kAvx512Vnni)) {
    EXPECT_THAT(cpu_features(), Contains("avx512vnni"));
    EXPECT_THAT(cpu_features(), Contains("avx2"));
  }
#if defined(__aarch64__)
  EXPECT_TRUE(has_cpu_feature("asimd"));
#endif
}

}  // namespace
}  // namespace lathe

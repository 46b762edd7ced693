#include "kernels/peak.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu_features.h"
#include "kernels/read_bandwidth.h"

namespace lathe::kernels {
namespace {

// Emulators and sanitizers are slow; two 512-bit units at 10 GHz reach 640 GFLOP/s in float32.
TEST(Peak, IsPlausibleOnEveryInstructionSet) {
  for (const Isa isa : supported_isas()) {
    const double gflops = measure_fma_peak_gflops(isa, 0.002);
    EXPECT_GT(gflops, 0.01) << isa_name(isa);
    EXPECT_LT(gflops, 2000) << isa_name(isa);
    const double gops = measure_int8_peak_gops(isa, 0.002);
    EXPECT_GT(gops, 0.01) << isa_name(isa);
    EXPECT_LT(gops, 8000) << isa_name(isa);
  }
}

TEST(Peak, OfAmxIsMeasuredOrSaysWhyNot) {
  const auto int8 = measure_amx_int8_peak_gops(0.002);
  const auto bf16 = measure_amx_bf16_peak_gflops(0.002);
  if (!has_cpu_feature("amx-int8")) {
    EXPECT_THAT(int8.error().message(), testing::HasSubstr("has no amx-int8"));
    EXPECT_FALSE(bf16.ok());
  } else if (int8.ok()) {  // the operating system may refuse
    EXPECT_GT(*int8, 1);
    EXPECT_LT(*int8, 50'000);
  }
}

TEST(ReadBandwidth, IsPlausibleOnEveryInstructionSet) {
  constexpr int kThreads[] = {1, 2};
  for (const Isa isa : supported_isas()) {
    const auto measured = measure_read_bandwidth(isa, 3 << 20, kThreads, 0.002);
    ASSERT_TRUE(measured.ok()) << measured.error().message();
    ASSERT_EQ(measured->size(), 2U);
    EXPECT_EQ((*measured)[1].threads, 2);
    for (const ReadBandwidth& bandwidth : *measured) {
      EXPECT_GT(bandwidth.gb_per_s, 0.001) << isa_name(isa);
      EXPECT_LT(bandwidth.gb_per_s, 10'000) << isa_name(isa);
    }
  }
}

TEST(ReadBandwidth, RefusesBuffersThatCannotBeHad) {
  constexpr int kThreads[] = {1};
  const auto measured =
      measure_read_bandwidth(Isa::kScalar, std::int64_t{1} << 60, kThreads, 0.001);
  ASSERT_FALSE(measured.ok());
  EXPECT_THAT(measured.error().message(), testing::HasSubstr("cannot be had"));
}

}  // namespace
}  // namespace lathe::kernels

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

TEST(Peak, OfSeveralThreadsIsThatOfAllTogether) {
  const Isa isa = supported_isas().back();
  for (const int threads : {2, 3}) {
    EXPECT_GT(measure_fma_peak_gflops(isa, 0.002, threads), 0.01);
    EXPECT_GT(measure_int8_peak_gops(isa, 0.002, threads), 0.01);
    EXPECT_EQ(measure_amx_int8_peak_gops(0.002, threads).ok(),
              measure_amx_int8_peak_gops(0.002).ok());
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
  constexpr int kThreads[] = {2, 1};
  for (const Isa isa : supported_isas()) {
    const auto measured = measure_read_bandwidth(isa, 3 << 20, kThreads, 10, 0.002);
    ASSERT_TRUE(measured.ok()) << measured.error().message();
    EXPECT_EQ(measured->buffer_bytes, 3 << 20);
    ASSERT_EQ(measured->rates.size(), 2U);
    EXPECT_EQ(measured->rates[0].threads, 2);
    for (const ReadBandwidth::Rate& rate : measured->rates) {
      EXPECT_GT(rate.gb_per_s, 0.001) << isa_name(isa);
      EXPECT_LT(rate.gb_per_s, 10'000) << isa_name(isa);
    }
  }
}

TEST(ReadBandwidth, OfCachesIsPlausible) {
  for (const Isa isa : supported_isas()) {
    for (const int threads : {1, 2}) {
      for (const std::int64_t bytes : {1, 10'000, 3 << 20}) {
        const auto measured = measure_cache_bandwidth(isa, bytes, threads, 0.001);
        ASSERT_TRUE(measured.ok()) << measured.error().message();
        EXPECT_GT(*measured, 0.001) << isa_name(isa);
        EXPECT_LT(*measured, 100'000) << isa_name(isa);
      }
    }
  }
}

TEST(ReadBandwidth, StopsFillingWhenTimeIsOver) {
  constexpr int kThreads[] = {1};
  const auto measured =
      measure_read_bandwidth(Isa::kScalar, std::int64_t{1} << 30, kThreads, 0, 0.001);
  ASSERT_TRUE(measured.ok()) << measured.error().message();
  EXPECT_EQ(measured->buffer_bytes, 16 << 20);
}

TEST(ReadBandwidth, RefusesBuffersThatCannotBeHad) {
  constexpr int kThreads[] = {1};
  const auto measured =
      measure_read_bandwidth(Isa::kScalar, std::int64_t{1} << 60, kThreads, 1, 0.001);
  ASSERT_FALSE(measured.ok());
  EXPECT_THAT(measured.error().message(), testing::HasSubstr("cannot be had"));
}

}  // namespace
}  // namespace lathe::kernels

#include "base/cpu.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe {
namespace {

TEST(Cpu, ScalarRunsEverywhereAndNamesRoundTrip) {
  EXPECT_EQ(supported_isas().front(), Isa::kScalar);
  for (const Isa isa : supported_isas()) EXPECT_EQ(parse_isa(isa_name(isa)).value(), isa);
  EXPECT_THAT(parse_isa("mmx").error().message(), testing::HasSubstr("known are scalar, avx2"));
  EXPECT_GE(allowed_cores(), 1);
  EXPECT_FALSE(cpu_model_name().empty());
}

TEST(Cpu, AllowedCoresAreBoundByMaskAndQuota) {
  EXPECT_EQ(allowed_cores(8, {}), 8);
  EXPECT_EQ(allowed_cores(8, {.cores = 1.5, .memory_bytes = {}}), 2);
  EXPECT_EQ(allowed_cores(2, {.cores = 4.0, .memory_bytes = {}}), 2);
  EXPECT_EQ(allowed_cores(0, {.cores = 0.1, .memory_bytes = {}}), 1);
  EXPECT_EQ(allowed_cores(4, {.cores = 1e300, .memory_bytes = {}}), 4);
  EXPECT_FALSE(affinity_cpus().empty());
}

TEST(Cpu, EnvironmentForcesTheInstructionSet) {
  const char* before = std::getenv("LATHE_ISA");
  const std::string saved = before == nullptr ? "" : before;
  setenv("LATHE_ISA", "scalar", 1);
  EXPECT_EQ(select_isa().value(), Isa::kScalar);
  setenv("LATHE_ISA", "pdp11", 1);
  EXPECT_THAT(select_isa().error().message(), testing::HasSubstr("LATHE_ISA"));
  setenv("LATHE_ISA", saved.c_str(), 1);
  EXPECT_TRUE(select_isa().ok());
}

}  // namespace
}  // namespace lathe

#include "kernels/peak.h"

#include <gtest/gtest.h>

namespace lathe::kernels {
namespace {

TEST(Peak, IsPlausibleOnEveryInstructionSet) {
  for (const Isa isa : supported_isas()) {
    const double gflops = measure_fma_peak_gflops(isa, 0.002);
    EXPECT_GT(gflops, 0.01) << isa_name(isa);  // emulators and sanitizers are slow
    EXPECT_LT(gflops, 2000) << isa_name(isa);  // two 512-bit units at 10 GHz reach 640
  }
}

}  // namespace
}  // namespace lathe::kernels

#include "base/numeric.h"

#include <gtest/gtest.h>
#include <limits>

namespace lathe {
namespace {

TEST(Float16, EveryBitPatternSurvivesARoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = float16_to_float(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(float_to_float16(value), bits) << value;
  }
}

TEST(Float16, RoundsHalfToEvenAndOverflows) {
  EXPECT_EQ(float_to_float16(1.0F), 0x3c00);
  EXPECT_EQ(float_to_float16(1.0F + 0x1p-11F), 0x3c00);
  EXPECT_EQ(float_to_float16(1.0F + 3 * 0x1p-11F), 0x3c02);
  EXPECT_EQ(float_to_float16(65519.0F), 0x7bff);
  EXPECT_EQ(float_to_float16(65520.0F), 0x7c00);
  EXPECT_TRUE(std::isnan(float16_to_float(float_to_float16(std::nanf("")))));
}

TEST(BFloat16, EveryBitPatternSurvivesARoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bfloat16_to_float(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(float_to_bfloat16(value), bits) << value;
  }
  EXPECT_EQ(float_to_bfloat16(1.0F + 0x1p-8F), 0x3f80);
  EXPECT_EQ(float_to_bfloat16(1.0F + 3 * 0x1p-8F), 0x3f82);
}

}  // namespace
}  // namespace lathe

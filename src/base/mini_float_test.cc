#include "base/mini_float.h"

#include <cmath>
#include <gtest/gtest.h>

namespace lathe {
namespace {

constexpr MiniFloat kFormats[] = {kFloat8E4M3FN, kFloat8E4M3FNUZ, kFloat8E5M2, kFloat8E5M2FNUZ,
                                  kFloat4E2M1,   kFloat6E2M3,     kFloat6E3M2};

int bits_of(MiniFloat format) { return 1 + format.exponent_bits + format.mantissa_bits; }

TEST(MiniFloat, EveryNumberSurvivesTheWayThroughFloat) {
  for (const MiniFloat format : kFormats) {
    for (int bits = 0; bits < 1 << bits_of(format); ++bits) {
      const float value = mini_float_to_float(format, static_cast<std::uint8_t>(bits));
      const std::uint8_t back = float_to_mini_float(format, value, false);
      if (std::isnan(value)) {
        EXPECT_TRUE(std::isnan(mini_float_to_float(format, back)));
      } else {
        EXPECT_EQ(back, bits) << value;
      }
    }
  }
}

TEST(MiniFloat, RoundsToTheNearestAndHalfToEven) {
  for (const MiniFloat format : kFormats) {
    for (int bits = 0; bits + 1 < 1 << (bits_of(format) - 1); ++bits) {
      const float low = mini_float_to_float(format, static_cast<std::uint8_t>(bits));
      const float high = mini_float_to_float(format, static_cast<std::uint8_t>(bits + 1));
      if (!std::isfinite(high)) continue;
      const float middle = low + (high - low) / 2;
      EXPECT_EQ(float_to_mini_float(format, middle, true), bits % 2 == 0 ? bits : bits + 1);
      EXPECT_EQ(float_to_mini_float(format, std::nextafter(middle, low), true), bits);
      EXPECT_EQ(float_to_mini_float(format, std::nextafter(middle, high), true), bits + 1);
    }
  }
}

// Table 1 of the paper; the values of the microscaling formats are those of its specification.
TEST(MiniFloat, HasTheRangesOfTheSpecifications) {
  EXPECT_EQ(mini_float_to_float(kFloat8E4M3FN, 0x7e), 448.0F);
  EXPECT_TRUE(std::isnan(mini_float_to_float(kFloat8E4M3FN, 0x7f)));
  EXPECT_EQ(mini_float_to_float(kFloat8E4M3FN, 0x01), std::ldexp(1.0F, -9));
  EXPECT_EQ(mini_float_to_float(kFloat8E5M2, 0x7b), 57344.0F);
  EXPECT_TRUE(std::isinf(mini_float_to_float(kFloat8E5M2, 0x7c)));
  EXPECT_EQ(mini_float_to_float(kFloat8E4M3FNUZ, 0x7f), 240.0F);
  EXPECT_TRUE(std::isnan(mini_float_to_float(kFloat8E5M2FNUZ, 0x80)));
  EXPECT_EQ(mini_float_to_float(kFloat4E2M1, 7), 6.0F);
  EXPECT_EQ(mini_float_to_float(kFloat6E2M3, 31), 7.5F);
  EXPECT_EQ(mini_float_to_float(kFloat6E3M2, 31), 28.0F);
}

TEST(MiniFloat, SaturatesOrOverflows) {
  EXPECT_EQ(float_to_mini_float(kFloat8E4M3FN, 1e6F, true), 0x7e);
  EXPECT_EQ(float_to_mini_float(kFloat8E4M3FN, -1e6F, false), 0xff);
  EXPECT_EQ(float_to_mini_float(kFloat8E5M2, INFINITY, true), 0x7b);
  EXPECT_EQ(float_to_mini_float(kFloat8E5M2, -INFINITY, false), 0xfc);
  EXPECT_EQ(float_to_mini_float(kFloat8E5M2FNUZ, 1e9F, false), 0x80);
  EXPECT_EQ(float_to_mini_float(kFloat4E2M1, -100.0F, false), 0xf);
  EXPECT_EQ(float_to_mini_float(kFloat8E4M3FNUZ, -0.0F, false), 0);
}

TEST(MiniFloat, PowersOfTwo) {
  EXPECT_EQ(float8_e8m0_to_float(127), 1.0F);
  EXPECT_TRUE(std::isnan(float8_e8m0_to_float(255)));
  for (int bits = 0; bits < 255; ++bits) {
    EXPECT_EQ(float_to_float8_e8m0(float8_e8m0_to_float(static_cast<std::uint8_t>(bits))), bits);
  }
  EXPECT_EQ(float_to_float8_e8m0(1.4F), 127);
  EXPECT_EQ(float_to_float8_e8m0(1.5F), 128);
  EXPECT_EQ(float_to_float8_e8m0(-1.0F), 255);
}

}  // namespace
}  // namespace lathe

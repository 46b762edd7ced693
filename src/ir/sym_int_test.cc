#include "ir/sym_int.h"

#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace lathe::ir {
namespace {

const SymInt kH = SymInt::symbol("H");
const SymInt kW = SymInt::symbol("W");
const SymInt kN = SymInt::symbol("N");

TEST(SymInt, ComputesWithNumbers) {
  EXPECT_EQ(SymInt(3) + 4 - 9, SymInt(-2));
  EXPECT_EQ(floor_div(-1, 2), SymInt(-1));
  EXPECT_EQ(ceil_div(7, 2), SymInt(4));
}

TEST(SymInt, HasOneFormForWhatIsEqual) {
  EXPECT_EQ(floor_div(kH - 1, 2) + 1, floor_div(kH + 1, 2));
  EXPECT_EQ((kH + kW) * (kH - kW), kH * kH - kW * kW);
  EXPECT_EQ(kH - kH, SymInt(0));
  EXPECT_EQ(floor_div(kN * kH * 64, kN), 64 * kH);
  EXPECT_EQ(floor_div(floor_div(kH - 1, 2), 2), floor_div(kH - 1, 4));
  EXPECT_FALSE(kH == kW);
}

TEST(SymInt, ReadsWell) {
  EXPECT_EQ((floor_div(kH + 2 - 3, 2) + 1).to_string(), "(H+1)/2");
  EXPECT_EQ((kN * kH * 2 - kW + 1).to_string(), "2*H*N-W+1");
  EXPECT_EQ(SymInt().to_string(), "?");
  EXPECT_EQ(kH.symbol_name(), "H");
  EXPECT_EQ((kH + 1).symbol_name(), "");
}

// Exporters write all kinds of names.
TEST(SymInt, DoesNotTakeANameForAnExpression) {
  const SymInt odd = SymInt::symbol("H+1");
  EXPECT_EQ(odd.symbol_name(), "H+1");
  EXPECT_FALSE(odd == kH + 1);
  EXPECT_EQ(odd.evaluate({{"H", 3}}), std::nullopt);
  EXPECT_EQ(odd.evaluate({{"H+1", 3}}), 3);
  EXPECT_TRUE(SymInt::symbol("").is_unknown());
}

TEST(SymInt, UnknownStaysUnknown) {
  EXPECT_TRUE((SymInt() + 1).is_unknown());
  EXPECT_TRUE(floor_div(kH, 0).is_unknown());
  EXPECT_TRUE(floor_div(kH, -2).is_unknown());
  EXPECT_TRUE((SymInt::data_dependent() * 2).is_data_dependent());
  EXPECT_TRUE((SymInt(std::numeric_limits<std::int64_t>::max()) + 1).is_unknown());
  EXPECT_TRUE((kH * std::numeric_limits<std::int64_t>::max() * 2).is_unknown());
}

TEST(SymInt, DoesNotGrowWithoutBound) {
  SymInt value = kH;
  for (int i = 0; i < 1000; ++i) value = value * value + SymInt::symbol(std::string(8, 'a')) + i;
  EXPECT_TRUE(value.is_unknown());
  SymInt nested = kH;
  for (int i = 0; i < 1000; ++i) nested = floor_div(nested * kW + i, kH + i + 1);
  EXPECT_TRUE(nested.is_unknown());
}

TEST(SymInt, SubstitutesSomeSymbolsAndAllOfThem) {
  const SymInt value = floor_div(kH * kW + 3, 4) * kN;
  EXPECT_EQ(value.substitute({{"N", 2}, {"W", 4}}), 2 * kH);
  EXPECT_EQ(value.evaluate({{"N", 2}, {"W", 4}}), std::nullopt);
  EXPECT_EQ(value.evaluate({{"N", 2}, {"W", 4}, {"H", 5}}), 10);
}

// Whatever the normal form makes of an expression, its numbers are those of plain arithmetic.
TEST(SymInt, AgreesWithArithmetic) {
  std::mt19937 random(7);
  const auto below = [&](int n) {
    return static_cast<std::int64_t>(random() % static_cast<unsigned>(n));
  };
  for (int round = 0; round < 2000; ++round) {
    const SymbolValues values{{"H", below(300)}, {"W", below(300)}, {"N", 1 + below(8)}};
    SymInt symbolic = kH;
    std::int64_t number = values.at("H");
    for (int step = 0; step < 6; ++step) {
      const std::int64_t operand = 1 + below(9);
      const bool named = below(2) == 0;
      const SymInt other = named ? kW : SymInt(operand);
      const std::int64_t other_number = named ? values.at("W") : operand;
      switch (below(4)) {
        case 0:
          symbolic = symbolic + other;
          number += other_number;
          break;
        case 1:
          symbolic = symbolic - other;
          number -= other_number;
          break;
        case 2:
          symbolic = symbolic * operand;
          number *= operand;
          break;
        default:
          symbolic = floor_div(symbolic, operand);
          number = number / operand - (number % operand != 0 && number < 0 ? 1 : 0);
          break;
      }
    }
    ASSERT_EQ(symbolic.evaluate(values), number) << symbolic.to_string();
  }
}

}  // namespace
}  // namespace lathe::ir

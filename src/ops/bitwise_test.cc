// Bits: BitwiseAnd and its like, BitShift, BitCast.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;

ir::AttributeMap to(DataType type) { return {{"to", static_cast<std::int64_t>(type)}}; }
ir::AttributeMap shift(const char* direction) { return {{"direction", std::string(direction)}}; }

TEST(Bitwise, OfSignedNumbers) {
  const Tensor a = ints({3}, {12, -1, 0});
  const Tensor b = ints({3}, {10, 5, -8});
  EXPECT_THAT(run_ints("BitwiseAnd", {a, b}), ElementsAre(8, 5, 0));
  EXPECT_THAT(run_ints("BitwiseOr", {a, b}), ElementsAre(14, -1, -8));
  EXPECT_THAT(run_ints("BitwiseXor", {a, b}), ElementsAre(6, -6, -8));
  EXPECT_THAT(run_ints("BitwiseNot", {a}), ElementsAre(-13, 0, -1));
  EXPECT_THAT(run_ints("BitwiseAnd", {a, Tensor::scalar<std::int64_t>(4)}), ElementsAre(4, 4, 0));
  EXPECT_THAT(run_ints("BitwiseNot", {Tensor::scalar<std::uint8_t>(1)}), ElementsAre(254));
}

TEST(BitShift, CountsBeyondTheWidthLeaveTheSign) {
  const Tensor x = Tensor::from_values<std::int8_t>({5}, {-5, 5, -5, 100, -128});
  const Tensor counts = Tensor::from_values<std::int8_t>({5}, {1, 1, -1, 8, 127});
  EXPECT_THAT(run_ints("BitShift", {x, counts}, shift("RIGHT")), ElementsAre(-3, 2, -1, 0, -1));
  EXPECT_THAT(run_ints("BitShift", {x, counts}, shift("LEFT")), ElementsAre(-10, 10, 0, 0, 0));
  const Tensor large = Tensor::from_values<std::uint64_t>({2}, {UINT64_MAX, 1});
  const Tensor by = Tensor::from_values<std::uint64_t>({2}, {63, UINT64_MAX});
  EXPECT_THAT(run_ints("BitShift", {large, by}, shift("RIGHT")), ElementsAre(1, 0));
  EXPECT_THAT(run_ints("BitShift", {large, by}, shift("LEFT")), ElementsAre(INT64_MIN, 0));
}

TEST(BitShift, RefusesOtherDirections) {
  EXPECT_EQ(refusal_of("BitShift", {ints({1}, {1}), ints({1}, {1})}, shift("left")),
            "direction is 'left', expected 'LEFT' or 'RIGHT'");
  EXPECT_EQ(refusal_of("BitShift", {ints({2}, {1, 2}), ints({3}, {1, 2, 3})}, shift("LEFT")),
            "shapes [2] and [3] cannot be broadcast together");
}

TEST(BitCast, KeepsEveryBit) {
  EXPECT_THAT(run_ints("BitCast", {floats({2}, {1, -2})}, to(DataType::kInt32)),
              ElementsAre(0x3f800000, -0x40000000));
  const Tensor half = floats({2}, {1, -2}).cast(DataType::kFloat16);
  EXPECT_THAT(run_ints("BitCast", {half}, to(DataType::kUint16)), ElementsAre(0x3c00, 0xc000));
  const auto halves = run("BitCast", {half}, to(DataType::kBFloat16));
  ASSERT_TRUE(halves.ok()) << halves.error().message();
  EXPECT_EQ(halves->data<ir::BFloat16>()[1].bits, 0xc000);
  const Tensor small = ints({3}, {-8, -1, 7}).cast(DataType::kInt4);
  EXPECT_THAT(run_ints("BitCast", {small}, to(DataType::kUint4)), ElementsAre(8, 15, 7));
  EXPECT_THAT(
      run("BitCast", {Tensor::zeros(DataType::kFloat32, {0, 2})}, to(DataType::kInt32))->dims(),
      ElementsAre(0, 2));
}

TEST(BitCast, TruthIsOneBit) {
  const auto truths =
      run("BitCast", {Tensor::from_values<std::uint8_t>({3}, {0, 1, 7})}, to(DataType::kBool));
  ASSERT_TRUE(truths.ok()) << truths.error().message();
  EXPECT_EQ(truths->bytes()[2], std::byte{1});
  EXPECT_THAT(truths->to_int64s(), ElementsAre(0, 1, 1));
}

TEST(BitCast, RefusesOtherWidths) {
  EXPECT_EQ(refusal_of("BitCast", {floats({1}, {1})}, to(DataType::kInt64)),
            "attribute 'to' is int64, whose elements do not have 32 bits as those of float32");
  EXPECT_EQ(refusal_of("BitCast", {floats({1}, {1})}, to(DataType::kString)),
            "attribute 'to' is string, whose elements do not have 32 bits as those of float32");
  EXPECT_EQ(refusal_of("BitCast", {floats({1}, {1})}, {{"to", INT64_MIN}}),
            "attribute 'to' is -9223372036854775808, which is no element type");
  EXPECT_EQ(refusal_of("BitCast", {floats({1}, {1})}, {{"to", std::int64_t{0}}}),
            "attribute 'to' is 0, which is no element type");
}

}  // namespace
}  // namespace lathe::ops

// Cast and CastLike: what numbers and text become in other types.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;

ir::AttributeMap to(DataType type, std::int64_t saturate = 1, const char* rounding = "up") {
  return {{"to", static_cast<std::int64_t>(type)},
          {"saturate", saturate},
          {"round_mode", std::string(rounding)}};
}

Tensor words(std::initializer_list<std::string> values) {
  return Tensor::from_values<std::string>({static_cast<std::int64_t>(values.size())}, values);
}

std::vector<int> bits_of(const Tensor& x, const ir::AttributeMap& attributes) {
  const auto y = run("Cast", {x}, attributes);
  EXPECT_TRUE(y.ok()) << y.error().message();
  std::vector<int> bits;
  for (std::int64_t i = 0; y.ok() && i < y->num_elements(); ++i) bits.push_back(y->get_bits(i));
  return bits;
}

TEST(Cast, NumbersBeyondFloat8) {
  const Tensor x = floats({6}, {NAN, INFINITY, -INFINITY, 1e6F, -1e6F, 464});
  EXPECT_THAT(bits_of(x, to(DataType::kFloat8E4M3FN)),
              ElementsAre(0x7f, 0x7e, 0xfe, 0x7e, 0xfe, 0x7e));
  EXPECT_THAT(bits_of(x, to(DataType::kFloat8E4M3FN, 0)),
              ElementsAre(0x7f, 0x7f, 0xff, 0x7f, 0xff, 0x7e));
  EXPECT_THAT(bits_of(x, to(DataType::kFloat8E5M2)),
              ElementsAre(0x7f, 0x7b, 0xfb, 0x7b, 0xfb, 0x5f));
  EXPECT_THAT(bits_of(x, to(DataType::kFloat8E5M2, 0)),
              ElementsAre(0x7f, 0x7c, 0xfc, 0x7c, 0xfc, 0x5f));
  EXPECT_THAT(bits_of(x, to(DataType::kFloat8E4M3FNUZ, 0)),
              ElementsAre(0x80, 0x80, 0x80, 0x80, 0x80, 0x80));
}

TEST(Cast, PowersOfTwo) {
  const Tensor x = floats({6}, {1, 1.25F, 1.5F, 1.75F, 2, 0});
  EXPECT_THAT(bits_of(x, to(DataType::kFloat8E8M0)), ElementsAre(127, 128, 128, 128, 128, 0));
  EXPECT_THAT(bits_of(x, to(DataType::kFloat8E8M0, 1, "down")),
              ElementsAre(127, 127, 127, 127, 128, 0));
  EXPECT_THAT(bits_of(x, to(DataType::kFloat8E8M0, 0, "nearest")),
              ElementsAre(127, 127, 128, 128, 128, 255));
  const Tensor far = floats({5}, {0x1.8p127F, INFINITY, NAN, -1, 0x1p-149F});
  EXPECT_THAT(bits_of(far, to(DataType::kFloat8E8M0)), ElementsAre(254, 254, 255, 255, 0));
  EXPECT_THAT(bits_of(far, to(DataType::kFloat8E8M0, 0)), ElementsAre(255, 255, 255, 255, 255));
  EXPECT_THAT(bits_of(far, to(DataType::kFloat8E8M0, 0, "down")),
              ElementsAre(254, 255, 255, 255, 255));
  EXPECT_EQ(refusal_of("Cast", {x}, to(DataType::kFloat8E8M0, 1, "even")),
            "round_mode is 'even', expected 'up', 'down' or 'nearest'");
}

TEST(Cast, SmallIntegers) {
  const Tensor wide = ints({4}, {7, 8, -9, 255});
  EXPECT_THAT(run_ints("Cast", {wide}, to(DataType::kInt4)), ElementsAre(7, -8, 7, -1))
      << "of integers the lower bits";
  EXPECT_THAT(run_ints("Cast", {wide}, to(DataType::kUint2)), ElementsAre(3, 0, 3, 3));
  EXPECT_THAT(run_ints("Cast", {floats({4}, {-1.9F, 9, NAN, -INFINITY})}, to(DataType::kInt4)),
              ElementsAre(-1, 7, 0, -8));
  EXPECT_THAT(run_ints("Cast", {words({"3", "-2.5", "99"})}, to(DataType::kInt4)),
              ElementsAre(3, -2, 7));
}

TEST(Cast, RoundsOnce) {
  // In float32 both lie halfway between two float16.
  const Tensor x = Tensor::from_values<double>({2}, {1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11 - 0x1p-40});
  const auto half = run("Cast", {x}, to(DataType::kFloat16));
  EXPECT_EQ(half->data<ir::Float16>()[0].bits, 0x3c01);
  EXPECT_EQ(half->data<ir::Float16>()[1].bits, 0x3c00);
  const Tensor edges = Tensor::from_values<double>({3}, {1e300, -1e-300, -INFINITY});
  const auto ends = run("Cast", {edges}, to(DataType::kFloat16));
  EXPECT_EQ(ends->data<ir::Float16>()[0].bits, 0x7c00);
  EXPECT_EQ(ends->data<ir::Float16>()[1].bits, 0x8000);
  EXPECT_EQ(ends->data<ir::Float16>()[2].bits, 0xfc00);
}

TEST(Cast, Text) {
  EXPECT_THAT(run_floats("Cast", {words({"+INF", "1e-5", "-3"})}, to(DataType::kFloat16)),
              ElementsAre(INFINITY, testing::FloatNear(1e-5F, 1e-7F), -3));
  const auto text =
      run("Cast", {floats({2}, {0.5F, -6}).cast(DataType::kFloat4E2M1)}, to(DataType::kString));
  EXPECT_THAT(text->data<std::string>(), ElementsAre("0.5", "-6"));
  EXPECT_EQ(refusal_of("Cast", {words({"1", "one"})}, to(DataType::kFloat8E5M2)),
            "element 1 is 'one', which is no number");
}

TEST(Cast, RefusesWhatIsNoNumber) {
  EXPECT_EQ(refusal_of("Cast", {floats({1}, {1})}, to(DataType::kComplex64)),
            "elements of complex64 are not cast");
  EXPECT_EQ(refusal_of("Cast", {floats({1}, {1})}, {{"to", std::int64_t{99}}}),
            "attribute 'to' is 99, which is no element type");
}

TEST(CastLike, TakesTheTypeAlone) {
  const Tensor x = floats({2}, {3.75F, -1});
  for (const DataType type : {DataType::kInt64, DataType::kFloat16, DataType::kFloat8E5M2,
                              DataType::kUint4, DataType::kBool, DataType::kString}) {
    const auto y = run("CastLike", {x, Tensor::zeros(type, {0, 7})});
    ASSERT_TRUE(y.ok()) << y.error().message();
    EXPECT_EQ(y->data_type(), type);
    EXPECT_THAT(y->dims(), ElementsAre(2));
  }
  const Tensor type = Tensor::zeros(DataType::kFloat8E4M3FN, {});
  EXPECT_TRUE(
      std::isnan(run("CastLike", {floats({1}, {1e6F}), type}, {{"saturate", std::int64_t{0}}})
                     ->get_double(0)));
}

}  // namespace
}  // namespace lathe::ops

#include "kernels/cast.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

#include "base/cpu.h"
#include "base/numeric.h"
#include "base/random.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

template <typename From, typename To>
std::vector<To> converted(ElementType from, ElementType to, const std::vector<From>& in, Isa isa,
                          int threads = 1) {
  std::vector<To> out(in.size());
  ThreadPool pool(threads);
  Runner(CastProblem{from, to, std::ssize(in)}, isa).run({in.data()}, out.data(), pool);
  return out;
}

// All bit patterns to float32, and float32 of all kinds back, on each instruction set.
TEST(Cast, HalvesAreTheSameBitsEverywhere) {
  std::vector<std::uint16_t> halves(1 << 16);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  std::vector<float> floats;
  Random random(1);
  for (std::uint32_t i = 0; i < 100'003; ++i)
    floats.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random.next())));
  for (const std::uint16_t half : halves) {
    // Halfway between two float16, and a bit to either side.
    const auto bits = std::bit_cast<std::uint32_t>(float16_to_float(half));
    for (const std::uint32_t more : {0U, 0xfffU, 0x1000U, 0x1001U})
      floats.push_back(std::bit_cast<float>(bits + more));
  }
  for (const Isa isa : supported_isas()) {
    SCOPED_TRACE(isa_name(isa));
    for (const ElementType type : {ElementType::kFloat16, ElementType::kBFloat16}) {
      const bool ieee = type == ElementType::kFloat16;
      const auto wide =
          converted<std::uint16_t, float>(type, ElementType::kFloat32, halves, isa, 2);
      for (std::size_t i = 0; i < halves.size(); ++i) {
        const float expected = ieee ? float16_to_float(halves[i]) : bfloat16_to_float(halves[i]);
        ASSERT_EQ(std::bit_cast<std::uint32_t>(wide[i]), std::bit_cast<std::uint32_t>(expected))
            << i;
      }
      const auto narrow =
          converted<float, std::uint16_t>(ElementType::kFloat32, type, floats, isa, 2);
      for (std::size_t i = 0; i < floats.size(); ++i) {
        ASSERT_EQ(narrow[i], ieee ? float_to_float16(floats[i]) : float_to_bfloat16(floats[i]))
            << std::bit_cast<std::uint32_t>(floats[i]);
      }
    }
  }
}

TEST(Cast, OddCountsTouchNothingBehind) {
  for (const Isa isa : supported_isas()) {
    for (std::int64_t count = 0; count < 40; ++count) {
      const std::vector<float> in(static_cast<std::size_t>(count), 1.5F);
      std::vector<std::uint16_t> out(static_cast<std::size_t>(count) + 1, 0xabcd);
      ThreadPool pool(1);
      Runner(CastProblem{ElementType::kFloat32, ElementType::kFloat16, count}, isa)
          .run({in.data()}, out.data(), pool);
      EXPECT_EQ(out.back(), 0xabcd);
      for (std::int64_t i = 0; i < count; ++i)
        EXPECT_EQ(out[static_cast<std::size_t>(i)], float_to_float16(1.5F));
    }
  }
}

TEST(Cast, FloatsToIntegersTruncateAndSaturate) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> in{1.9F, -1.9F, 300, -300, 3e9F, -3e9F, kInfinity, -kInfinity, NAN};
  using Bytes = std::vector<std::int8_t>;
  using Unsigned = std::vector<std::uint8_t>;
  using Ints = std::vector<std::int32_t>;
  using Longs = std::vector<std::uint64_t>;
  constexpr auto f32 = ElementType::kFloat32;
  constexpr Isa any = Isa::kScalar;
  EXPECT_EQ((converted<float, std::int8_t>(f32, ElementType::kInt8, in, any)),
            (Bytes{1, -1, 127, -128, 127, -128, 127, -128, 0}));
  EXPECT_EQ((converted<float, std::uint8_t>(f32, ElementType::kUint8, in, any)),
            (Unsigned{1, 0, 255, 0, 255, 0, 255, 0, 0}));
  EXPECT_EQ((converted<float, std::int32_t>(f32, ElementType::kInt32, in, any)),
            (Ints{1, -1, 300, -300, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 0}));
  EXPECT_EQ((converted<float, std::uint64_t>(f32, ElementType::kUint64, in, any)),
            (Longs{1, 0, 300, 0, 3'000'000'000, 0, UINT64_MAX, 0, 0}));
}

TEST(Cast, IntegersKeepTheirLowerBits) {
  const std::vector<std::int64_t> in{-1, 257, (std::int64_t{1} << 40) + 7, INT64_MIN};
  EXPECT_EQ((converted<std::int64_t, std::uint8_t>(ElementType::kInt64, ElementType::kUint8, in,
                                                   Isa::kScalar)),
            (std::vector<std::uint8_t>{255, 1, 7, 0}));
  EXPECT_EQ((converted<std::int64_t, std::uint8_t>(ElementType::kInt64, ElementType::kBool, in,
                                                   Isa::kScalar)),
            (std::vector<std::uint8_t>{1, 1, 1, 1}));
  EXPECT_EQ((converted<std::int64_t, double>(ElementType::kInt64, ElementType::kFloat64, in,
                                             Isa::kScalar))[2],
            1099511627783.0);
}

TEST(Cast, BoolsAreZeroOrOne) {
  const std::vector<std::uint8_t> in{0, 1};
  EXPECT_EQ(
      (converted<std::uint8_t, float>(ElementType::kBool, ElementType::kFloat32, in, Isa::kScalar)),
      (std::vector<float>{0, 1}));
  const std::vector<float> floats{0, -0.0F, 0.25F, NAN};
  EXPECT_EQ((converted<float, std::uint8_t>(ElementType::kFloat32, ElementType::kBool, floats,
                                            Isa::kScalar)),
            (std::vector<std::uint8_t>{0, 0, 1, 1}));
}

}  // namespace
}  // namespace lathe::kernels

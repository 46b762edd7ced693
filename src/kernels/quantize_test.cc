#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/int8_reference.h"
#include "kernels/quantize_linear/kernels.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

void check_quantize(const std::vector<float>& in, float scale, QuantizedActivation output) {
  std::vector<std::uint8_t> expected;
  for (const float x : in) {
    const float quotient = x / scale;
    expected.push_back(reference_requantize(std::isnan(quotient) ? 0.0F : quotient, output,
                                            output.lowest(), output.highest()));
  }
  ThreadPool one(1);
  ThreadPool two(2);
  for (const Isa isa : supported_isas()) {
    Runner quantize(QuantizeLinearProblem{scale, output, static_cast<std::int64_t>(in.size())},
                    isa);
    SCOPED_TRACE(quantize.kernel().name);
    for (ThreadPool* pool : {&one, &two}) {
      GuardedBuffer<std::uint8_t> out(in.size());
      quantize.run({in.data()}, out.data(), *pool);
      EXPECT_TRUE(out.intact());
      for (std::size_t i = 0; i < in.size(); ++i) {
        ASSERT_EQ(out.data()[i], expected[i]) << in[i] << " at " << i;
      }
    }
  }
}

TEST(QuantizeLinear, RandomSizes) {
  Random random(1);
  for (std::size_t i = 0; i < 150; ++i) {
    std::vector<float> in(i);
    for (float& x : in) x = random.uniform(-20, 20);
    check_quantize(in, random.uniform(0.01F, 0.3F), random_activation(random));
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(QuantizeLinear, TiesAndSpecialValues) {
  std::vector<float> in;
  for (int i = -600; i <= 600; ++i) in.push_back(static_cast<float>(i) * 0.25F);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float x : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), 1e38F,
                        -1e38F, 1e-45F, -0.0F, 2147483648.0F, -2147483904.0F}) {
    in.push_back(x);
  }
  for (const QuantizedActivation output :
       {QuantizedActivation{true, 0}, {true, -128}, {true, 127}, {false, 0}, {false, 255}}) {
    check_quantize(in, 0.5F, output);
    check_quantize(in, 1e-40F, output);
    check_quantize(in, 0, output);
  }
}

TEST(QuantizeLinear, NanGivesTheZeroPoint) {
  const float in = std::numeric_limits<float>::quiet_NaN();
  ThreadPool pool(1);
  for (const Isa isa : supported_isas()) {
    std::uint8_t out = 0;
    Runner(QuantizeLinearProblem{1, {false, 42}, 1}, isa).run({&in}, &out, pool);
    EXPECT_EQ(out, 42);
  }
}

TEST(QuantizeLinear, WorkThatThreadsShare) {
  Random random(2);
  std::vector<float> in(200'003);
  for (float& x : in) x = random.uniform(-20, 20);
  check_quantize(in, 0.07F, {true, 3});
}

TEST(DequantizeLinear, EveryByteAndOddSizes) {
  Random random(3);
  ThreadPool one(1);
  ThreadPool two(2);
  for (std::size_t i = 0; i < 60; ++i) {
    const QuantizedActivation input = random_activation(random);
    const float scale = random.uniform(0.001F, 1);
    std::vector<std::uint8_t> in = random_bytes(random, i == 0 ? 200'001 : 256 + i);
    for (std::size_t j = 0; j < 256; ++j) in[j] = static_cast<std::uint8_t>(j);
    for (const Isa isa : supported_isas()) {
      for (ThreadPool* pool : {&one, &two}) {
        GuardedBuffer<float> out(in.size());
        Runner(DequantizeLinearProblem{scale, input, static_cast<std::int64_t>(in.size())}, isa)
            .run({in.data()}, out.data(), *pool);
        EXPECT_TRUE(out.intact());
        for (std::size_t j = 0; j < in.size(); ++j) {
          const std::int64_t value = reference_value(in[j], input.is_signed) - input.zero_point;
          const auto expected = static_cast<float>(static_cast<double>(value) * scale);
          ASSERT_EQ(out.data()[j], expected) << isa_name(isa) << " at " << j;
        }
      }
    }
  }
}

}  // namespace
}  // namespace lathe::kernels

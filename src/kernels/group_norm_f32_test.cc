#include "kernels/group_norm_f32.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

std::vector<float> numbers(std::int64_t count, std::uint64_t seed, float offset) {
  Random random(seed);
  std::vector<float> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(offset + random.normal());
  return all;
}

// Every kernel on one and on several threads: the same bits, which it gives.
std::vector<float> run(const GroupNormF32Problem& problem, const std::vector<float>& in,
                       const std::vector<float>& scale, const std::vector<float>& bias) {
  EXPECT_TRUE(check_problem(problem).ok());
  std::vector<float> first;
  for (const Isa isa : supported_isas()) {
    for (const int threads : {1, 3}) {
      GuardedBuffer<float> out(in.size());
      ThreadPool pool(threads);
      Runner(problem, isa).run({in.data(), scale.data(), bias.data()}, out.data(), pool);
      EXPECT_TRUE(out.intact());
      const std::vector<float> made(out.data(), out.data() + out.size());
      if (first.empty()) first = made;
      EXPECT_EQ(std::memcmp(made.data(), first.data(), in.size() * sizeof(float)), 0)
          << isa_name(isa) << ", " << threads << " threads";
    }
  }
  return first;
}

void check(const GroupNormF32Problem& p, float offset) {
  const auto in = numbers(p.batch * p.channels * p.pixels, 1, offset);
  const auto scale = numbers(p.channels, 2, 1);
  const auto bias = numbers(p.channels, 3, 0);
  const auto out = run(p, in, scale, bias);
  const std::int64_t width = p.channels / p.groups;
  for (std::int64_t group = 0; group < p.batch * p.groups; ++group) {
    std::vector<std::size_t> places;
    for (std::int64_t i = 0; i < width * p.pixels; ++i) {
      const std::int64_t channel = group % p.groups * width + i / p.pixels;
      const std::int64_t place =
          p.channels_last ? i % p.pixels * p.channels + channel : channel * p.pixels + i % p.pixels;
      places.push_back(static_cast<std::size_t>(group / p.groups * p.channels * p.pixels + place));
    }
    double mean = 0;
    for (const std::size_t at : places) mean += static_cast<double>(in[at]);
    mean /= static_cast<double>(places.size());
    double variance = 0;
    for (const std::size_t at : places) variance += std::pow(static_cast<double>(in[at]) - mean, 2);
    variance /= static_cast<double>(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto c = static_cast<std::size_t>(group % p.groups * width) +
                     i / static_cast<std::size_t>(p.pixels);
      const double factor =
          static_cast<double>(scale[c]) / std::sqrt(variance + static_cast<double>(p.epsilon));
      const double expected =
          (static_cast<double>(in[places[i]]) - mean) * factor + static_cast<double>(bias[c]);
      // The mean is rounded to float32, half a place of the offset.
      ASSERT_NEAR(
          out[places[i]], expected,
          4e-6 * (1 + std::abs(expected)) + 1e-7 * static_cast<double>(offset) * std::abs(factor));
    }
  }
}

// Numbers far from 0, where a difference of sums of squares would cancel.
TEST(GroupNormF32, MatchesItsDefinition) {
  for (const bool channels_last : {false, true}) {
    for (const float offset : {0.0F, 1000.0F}) {
      for (const auto& [channels, groups] :
           {std::pair{1, 1}, {6, 6}, {6, 2}, {64, 64}, {40, 5}, {21, 1}}) {
        for (const std::int64_t pixels : {2, 7, 64, 111}) {
          SCOPED_TRACE(testing::Message() << channels << " channels in " << groups << " groups, "
                                          << pixels << " pixels, " << channels_last);
          check({2, channels, pixels, groups, channels_last, 1e-3F}, offset);
        }
      }
    }
  }
}

TEST(GroupNormF32, OnePixelIsItsMean) {
  const std::vector<float> bias{1, 2, 3};
  for (const bool channels_last : {false, true})
    EXPECT_EQ(run({1, 3, 1, 3, channels_last, 1e-5F}, {4, 5, 6}, {7, 8, 9}, bias), bias);
}

}  // namespace
}  // namespace lathe::kernels

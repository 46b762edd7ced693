#include "kernels/lookup.h"

#include <gtest/gtest.h>
#include <numeric>

#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

TEST(Lookup, EveryValueOnAnyThreads) {
  std::vector<std::uint8_t> table(256);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(i * 7 + 3);
  std::vector<std::uint8_t> in(100'003);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i * 31);
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    std::vector<std::uint8_t> out(in.size() + 1, 77);
    Runner(LookupProblem{std::ssize(in)}, Isa::kScalar)
        .run({in.data(), table.data()}, out.data(), pool);
    for (std::size_t i = 0; i < in.size(); ++i) ASSERT_EQ(out[i], table[in[i]]) << i;
    EXPECT_EQ(out.back(), 77);
  }
}

}  // namespace
}  // namespace lathe::kernels

// Pad: what lies outside.
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"

namespace lathe::ops {
namespace {

using ir::Tensor;
using Ints = std::vector<std::int64_t>;

std::string padded(const Ints& values, const char* mode, const Ints& pads) {
  ir::Node node{"n", "", "Pad", {0, 1}, {2}, {{"mode", std::string(mode)}}};
  const auto made =
      evaluate_node(node, std::vector{Tensor::vector_int64(values), Tensor::vector_int64(pads)});
  return made.ok() ? fmt::format("{}", fmt::join(made->at(0).to_int64s(), " "))
                   : made.error().message();
}

TEST(Pad, EveryMode) {
  EXPECT_EQ(padded({1, 2, 3}, "constant", {1, 2}), "0 1 2 3 0 0");
  EXPECT_EQ(padded({1, 2, 3}, "edge", {1, 2}), "1 1 2 3 3 3");
  EXPECT_EQ(padded({1, 2, 3}, "reflect", {1, 2}), "2 1 2 3 2 1");
  EXPECT_EQ(padded({1, 2, 3}, "wrap", {1, 2}), "3 1 2 3 1 2");
  EXPECT_EQ(padded({1, 2, 3}, "wrap", {5, 4}), "2 3 1 2 3 1 2 3 1 2 3 1");
  EXPECT_EQ(padded({1, 2, 3}, "wrap", {-1, 1}), "2 3 1");
  EXPECT_EQ(padded({}, "wrap", {0, 0}), "");
  EXPECT_EQ(padded({}, "wrap", {0, 1}), "axis 0 has nothing to pad with");
  EXPECT_EQ(padded({}, "edge", {0, 1}), "axis 0 has nothing to pad with");
  EXPECT_EQ(padded({1}, "mirror", {0, 1}),
            "mode is 'mirror', expected constant, edge, reflect or wrap");
}

}  // namespace
}  // namespace lathe::ops

#include "ir/graph_builder.h"

#include <cmath>
#include <gtest/gtest.h>

#include "ir/print.h"

namespace lathe::ir {
namespace {

Graph tiny(std::uint64_t seed) {
  GraphBuilder b("tiny", seed);
  ValueId x = b.input("input", {Dim::symbol("N"), 3, 32, 32});
  x = b.relu(b.batch_norm(b.conv(x, 64, {.kernel = 3, .stride = 2, .padding = 1})));
  x = b.max_pool(x, 2, 2);
  x = b.linear(b.dropout(b.flatten(b.global_average_pool(x)), 0.5F), 10);
  return b.finish(x, "logits");
}

TEST(GraphBuilder, BuildsNamedLayers) {
  const Graph g = tiny(1);
  ASSERT_TRUE(g.verify().ok());
  const std::string text = to_text(g);
  EXPECT_NE(text.find("conv1: undefined[*] = Conv(input, conv1.weight: float32[64,3,3,3]) "
                      "{kernel_shape=[3,3], pads=[1,1,1,1], strides=[2,2]}"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("logits: undefined[*] = Gemm(dropout1, linear1.weight: float32[10,64]"),
            std::string::npos);
  EXPECT_EQ(parameter_count(g), 64 * 27 + 128 + 650);
}

TEST(GraphBuilder, InitialisesConvolutionsAfterKaiming) {
  const Graph g = tiny(1);
  const Tensor& w = *g.value(*g.find_value("conv1.weight")).constant;
  double squares = 0;
  for (const float v : w.data<float>()) squares += static_cast<double>(v) * static_cast<double>(v);
  const double variance = squares / static_cast<double>(w.num_elements());
  EXPECT_NEAR(variance, 2.0 / (64 * 9), 0.1 * 2.0 / (64 * 9));
}

TEST(GraphBuilder, SameSeedSameWeights) {
  const auto weight = [](const Graph& g) {
    return *g.value(*g.find_value("conv1.weight")).constant;
  };
  EXPECT_TRUE(weight(tiny(5)).identical(weight(tiny(5))));
  EXPECT_FALSE(weight(tiny(5)).identical(weight(tiny(6))));
}

}  // namespace
}  // namespace lathe::ir

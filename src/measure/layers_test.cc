#include "measure/layers.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::measure {
namespace {

using testing::ElementsAre;

TEST(Layers, AreThePartsOfTheNamesBeforeTheLast) {
  const std::vector<std::string> nodes = {"/encoder/layer.0/attention/MatMul",
                                          "/encoder/layer.0/attention/Softmax",
                                          "/encoder/layer.1/mlp/MatMul", "/pooler/Gemm", "/Concat"};
  const Layers layers = find_layers(nodes, 0);
  EXPECT_EQ(layers.separator, '/');
  EXPECT_EQ(layers.depth, 3);
  EXPECT_THAT(layers.names, ElementsAre("encoder/layer.0/attention", "encoder/layer.0/attention",
                                        "encoder/layer.1/mlp", "pooler", "Concat"));
  EXPECT_THAT(find_layers(nodes, 1).names,
              ElementsAre("encoder", "encoder", "encoder", "pooler", "Concat"));
  EXPECT_EQ(describe(find_layers(nodes, 1)), "the first part of the nodes' names, up to '/'");
  EXPECT_EQ(describe(find_layers(nodes, 2)), "the first 2 parts of the nodes' names, between '/'");
  EXPECT_THAT(find_layers(nodes, 50).names, layers.names);
}

TEST(Layers, AreNoMoreThanOneReads) {
  std::vector<std::string> nodes;
  for (int stage = 0; stage < 4; ++stage)
    for (int block = 0; block < 30; ++block)
      nodes.push_back(fmt::format("stage{}.block{}.conv", stage, block));
  const Layers layers = find_layers(nodes, 0);
  EXPECT_EQ(layers.separator, '.');
  EXPECT_EQ(layers.depth, 1);
  EXPECT_EQ(layers.names[119], "stage3");
  EXPECT_EQ(find_layers(nodes, 2).names[119], "stage3.block29");
}

TEST(Layers, NamesThatAreNumberedTellOfNone) {
  for (const std::vector<std::string>& nodes :
       {std::vector<std::string>{"conv1", "relu1", "add"},
        std::vector<std::string>{"input.4", "input.8", "x.1"}, std::vector<std::string>{},
        std::vector<std::string>{"", "", "/", "."}}) {
    const Layers layers = find_layers(nodes, 0);
    EXPECT_EQ(layers.separator, 0);
    EXPECT_TRUE(layers.names.empty());
    EXPECT_THAT(describe(layers), testing::HasSubstr("no parts"));
  }
}

TEST(Layers, OddNamesDoNoHarm) {
  const std::vector<std::string> nodes = {"//", "a//b", "/a/", "", "b/c/d", "///x/y"};
  for (const int depth : {0, 1, 2, 7}) {
    const Layers layers = find_layers(nodes, depth);
    EXPECT_EQ(layers.names.size(), layers.separator == 0 ? 0 : nodes.size());
  }
}

}  // namespace
}  // namespace lathe::measure

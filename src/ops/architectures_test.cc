#include "ir/architectures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

struct Expected {
  const char* name;
  std::int64_t parameters;
  std::int64_t macs;  // of one inference
};

class ArchitectureTest : public testing::TestWithParam<Expected> {};

TEST_P(ArchitectureTest, HasItsPublishedSize) {
  auto graph = ir::make_architecture(GetParam().name);
  ASSERT_TRUE(graph.ok());
  ASSERT_TRUE(graph->verify().ok());
  const Status status = bind_dimensions(*graph, {{"N", 1}});
  ASSERT_TRUE(status.ok()) << status.error().message();
  EXPECT_EQ(ir::parameter_count(*graph), GetParam().parameters);
  if (GetParam().macs == 0) return;
  EXPECT_NEAR(static_cast<double>(*count_macs(*graph)), static_cast<double>(GetParam().macs),
              0.01 * static_cast<double>(GetParam().macs));
}

INSTANTIATE_TEST_SUITE_P(All, ArchitectureTest,
                         testing::Values(Expected{"resnet50", 25557032, 4089184256},
                                         Expected{"resnet18", 11689512, 1814073344},
                                         Expected{"mobilenet_v2", 3504872, 300774272},
                                         Expected{"mlp", 266610, 266200},
                                         Expected{"resnet8", 77946, 12501632},
                                         Expected{"cnn", 48458 + 1408, 0},
                                         Expected{"mobile", 13482 + 704, 0}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Architectures, ErrorsListTheNames) {
  EXPECT_THAT(ir::make_architecture("alexnet").error().message(),
              testing::HasSubstr("known are mobile, cnn"));
  EXPECT_THAT(ir::make_architecture("cnn", {.height = 4, .width = 4}).error().message(),
              testing::HasSubstr("too small"));
  EXPECT_FALSE(ir::make_architecture("cnn", {.classes = -3}).ok());
  EXPECT_EQ(ir::check_architecture("alexnet").error().message(),
            ir::make_architecture("alexnet").error().message());
  EXPECT_TRUE(ir::check_architecture("resnet50").ok());
}

// Every value of the input has weights of its own: far more than memory or a file could hold.
TEST(Architectures, RefusesAnInputThatIsTooLarge) {
  for (const std::int64_t size : {1 << 11, 1 << 16}) {
    EXPECT_THAT(ir::make_architecture("mlp", {.height = size, .width = size}).error().message(),
                testing::HasSubstr("is too large, 1789569 values are the most"));
    EXPECT_TRUE(ir::check_architecture("cnn", {.height = size, .width = size}).ok());
  }
  EXPECT_TRUE(ir::check_architecture("mlp", {.height = 1337, .width = 1338}).ok());
}

}  // namespace
}  // namespace lathe::ops

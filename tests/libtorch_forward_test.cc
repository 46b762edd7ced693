// The native engine against LibTorch's forward pass, on real images.
#include <array>
#include <cmath>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "data/default_preprocess.h"
#include "engine/native.h"
#include "engine/test_models.h"
#include "train/train.h"

namespace lathe {
namespace {

constexpr std::int64_t kImages = 100;

class LibTorchForwardTest : public testing::TestWithParam<const char*> {};

TEST_P(LibTorchForwardTest, NativeAgreesOnAHundredImages) {
  if (const auto found = train::backend_description(); !found.ok())
    GTEST_SKIP() << found.error().message();
  const auto dataset = data::open_dataset("fashion-mnist", data::Split::kTest, {.limit = kImages});
  if (!dataset.ok()) GTEST_SKIP() << dataset.error().message();
  const auto preprocess = data::default_preprocess(**dataset);
  ASSERT_TRUE(preprocess.ok());

  const ir::Graph graph =
      engine::test_network(GetParam(), {.channels = 1, .height = 28, .width = 28, .classes = 10});
  ir::Tensor input = ir::Tensor::zeros(ir::DataType::kFloat32, {kImages, 1, 28, 28});
  for (std::int64_t i = 0; i < kImages; ++i) {
    data::apply_into(*preprocess, (*dataset)->get(i).value().image,
                     input.mutable_data<float>().subspan(static_cast<std::size_t>(i) * 784, 784));
  }
  const auto expected = train::forward(graph, std::array{input});
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  const auto executable = engine::native_backend().compile(graph, {.threads = 2, .batch = kImages});
  ASSERT_TRUE(executable.ok()) << executable.error().message();
  const auto actual = (*executable)->new_context()->run(std::array{input});
  ASSERT_TRUE(actual.ok()) << actual.error().message();

  // Relative to the largest output of each image.
  for (std::int64_t i = 0; i < kImages; ++i) {
    double scale = 0;
    for (std::int64_t c = 0; c < 10; ++c)
      scale = std::max(scale, std::abs((*expected)[0].get_double(i * 10 + c)));
    for (std::int64_t c = 0; c < 10; ++c) {
      ASSERT_NEAR((*expected)[0].get_double(i * 10 + c), (*actual)[0].get_double(i * 10 + c),
                  1e-4 * scale)
          << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, LibTorchForwardTest,
                         testing::Values("cnn", "mobile", "resnet8", "mlp"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace lathe

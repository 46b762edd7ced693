#include "shrink/quantize/quantize.h"

#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/random.h"
#include "data/npy.h"
#include "engine/backend.h"
#include "ir/architectures.h"
#include "ir/graph_builder.h"
#include "ir/print.h"
#include "ops/infer_shapes.h"
#include "passes/passes.h"
#include "shrink/quantize/quantization_points.h"

namespace lathe::shrink {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using testing::HasSubstr;
using testing::Not;

// 64 random colour images of 24x20 in two classes.
std::shared_ptr<const data::Dataset> images() {
  const Path path = Path(testing::TempDir()) / "quantize_test.npz";
  Tensor x = Tensor::zeros(DataType::kUint8, {64, 24, 20, 3});
  Tensor y = Tensor::zeros(DataType::kInt64, {64});
  Random random(5);
  for (std::uint8_t& v : x.mutable_data<std::uint8_t>())
    v = static_cast<std::uint8_t>(random.below(256));
  for (std::int64_t& v : y.mutable_data<std::int64_t>()) v = random.below(2);
  EXPECT_TRUE(
      data::write_npz(path, {{"x_train", x}, {"y_train", y}, {"x_test", x}, {"y_test", y}}).ok());
  auto dataset = data::open_dataset("npz:" + path.string(), data::Split::kTrain);
  EXPECT_TRUE(dataset.ok()) << dataset.error().message();
  return *dataset;
}

Graph network(const char* architecture) {
  Graph graph =
      ir::make_architecture(architecture,
                            {.channels = 3, .height = 24, .width = 20, .classes = 7, .seed = 3})
          .value();
  Random random(8);
  for (const ir::NodeId id : graph.node_ids()) {  // as if trained
    if (!graph.node(id).is("BatchNormalization")) continue;
    for (std::size_t i = 1; i < 5; ++i) {
      for (float& v : graph.value(graph.node(id).input(i)).constant->mutable_data<float>())
        v = random.uniform(i == 4 ? 0.5F : -0.2F, 1.0F);
    }
  }
  EXPECT_TRUE(ops::infer_shapes(graph).ok());
  data::write_preprocess({.height = 24,
                          .width = 20,
                          .channels = data::Channels::kRgb,
                          .resize = {},
                          .resize_short = 0,
                          .mean = {0.5F, 0.5F, 0.5F},
                          .std = {0.25F, 0.25F, 0.25F}},
                         graph.metadata);
  return graph;
}

Tensor run(const Graph& graph, const char* backend, const Tensor& input, int threads = 1) {
  auto executable = engine::find_backend(backend).value()->compile(
      graph, {.threads = threads, .batch = input.dim(0)});
  EXPECT_TRUE(executable.ok()) << executable.error().message();
  auto outputs = (*executable)->new_context()->run(std::array{input});
  EXPECT_TRUE(outputs.ok()) << outputs.error().message();
  return (*outputs)[0];
}

Tensor random_input(std::int64_t batch) {
  Tensor t = Tensor::zeros(DataType::kFloat32, {batch, 3, 24, 20});
  Random random(21);
  for (float& v : t.mutable_data<float>()) v = random.uniform(-2, 2);
  return t;
}

class QuantizeTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto isa = select_isa();
    if (!isa.ok()) GTEST_SKIP() << isa.error().message();
  }
};

TEST_P(QuantizeTest, IsIntegerThroughoutAndTheSameBitsEverywhere) {
  const Graph graph = network(GetParam());
  QuantizeOptions options;
  options.calibration.samples = 32;
  const auto quantized = quantize(graph, images(), options);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message();
  ASSERT_TRUE(quantized->verify().ok());
  EXPECT_THAT(quantized->metadata.at("lathe.history"), HasSubstr("quantize"));

  const auto lowered = passes::run_passes(*quantized, passes::inference_passes());
  ASSERT_TRUE(lowered.ok()) << lowered.error().message();
  const std::string text = ir::to_text(*lowered);
  for (const char* op :
       {" Conv(", " Gemm(", " Add(", "Relu", "Clip", " GlobalAveragePool(", "= DequantizeLinear"}) {
    EXPECT_THAT(text, Not(HasSubstr(op)));
  }

  const Tensor input = random_input(3);
  const Tensor expected = run(*quantized, "reference", input);
  const Tensor one = run(*quantized, "native", input, 1);
  EXPECT_TRUE(expected.identical(one));
  EXPECT_TRUE(one.identical(run(*quantized, "native", input, 2)));

  // Close to the float network: the error is small beside the spread of its outputs.
  const Tensor real = run(graph, "native", input);
  double error = 0;
  double power = 0;
  for (std::int64_t i = 0; i < real.num_elements(); ++i) {
    error += std::pow(real.get_double(i) - one.get_double(i), 2);
    power += std::pow(real.get_double(i), 2);
  }
  EXPECT_LT(std::sqrt(error / power), 0.1);
}

INSTANTIATE_TEST_SUITE_P(Architectures, QuantizeTest,
                         testing::Values("cnn", "mobile", "resnet8", "mobilenet_v2", "mlp"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Quantize, LeavesExcludedLayersAlone) {
  const Graph graph = network("cnn");
  QuantizeOptions options;
  options.calibration.samples = 8;
  options.excluded = {"conv3"};
  const auto quantized = quantize(graph, images(), options);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message();
  const auto lowered = passes::run_passes(*quantized, passes::inference_passes());
  EXPECT_THAT(ir::to_text(*lowered), HasSubstr(" Conv("));
}

TEST(Quantize, SaysWhatIsWrong) {
  ir::GraphBuilder b("g", 1);
  Graph nothing = b.finish(b.relu(b.input("x", {ir::Dim::symbol("N"), 3, 24, 20})), "y");
  ASSERT_TRUE(ops::infer_shapes(nothing).ok());
  EXPECT_THAT(quantize(nothing, images()).error().message(), HasSubstr("no Conv or Gemm"));
  Graph unknown = network("cnn");
  unknown.metadata.clear();
  EXPECT_THAT(quantize(unknown, images()).error().message(), HasSubstr("lathe.preprocess"));
  Graph infinite = network("cnn");
  infinite.value(*infinite.find_value("bn1.bias")).constant->mutable_data<float>()[0] = INFINITY;
  EXPECT_THAT(quantize(infinite, images()).error().message(), HasSubstr("is not finite"));
}

TEST(Int8Parameters, CoverTheRangeAndZero) {
  EXPECT_EQ(int8_parameters({0, 255}).zero_point, -128);
  EXPECT_EQ(int8_parameters({0, 255}).scale, 1);
  EXPECT_EQ(int8_parameters({5, 255}).zero_point, -128);
  EXPECT_EQ(int8_parameters({-255, -3}).zero_point, 127);
  EXPECT_GT(int8_parameters({0, 0}).scale, 0);
}

}  // namespace
}  // namespace lathe::shrink

#include "shrink/quantize/quantize.h"

#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/backends.h"
#include "base/cpu.h"
#include "base/random.h"
#include "data/memory_dataset.h"
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

Result<Graph> int8_of(const Graph& graph, std::shared_ptr<const data::Dataset> dataset,
                      const QuantizeOptions& options = {}) {
  ASSIGN_OR_RETURN(Quantized quantized, quantize(graph, std::move(dataset), options));
  return std::move(quantized.graph);
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
      ir::Tensor statistics = *graph.constant(graph.node(id).input(i));
      for (float& v : statistics.mutable_data<float>())
        v = random.uniform(i == 4 ? 0.5F : -0.2F, 1.0F);
      graph.set_constant(graph.node(id).input(i), std::move(statistics));
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

TEST(Quantize, AHistoryThatIsNoneIsToldBeforeTheWork) {
  Graph graph = network("cnn");
  graph.metadata["lathe.history"] = "{}";
  QuantizeOptions options;
  options.calibration.on_progress = [](auto, auto) { ADD_FAILURE() << "it calibrates"; };
  EXPECT_EQ(quantize(graph, images(), options).error().message(),
            "lathe.history: expected a JSON array");
}

TEST_P(QuantizeTest, IsIntegerThroughoutAndTheSameBitsEverywhere) {
  const Graph graph = network(GetParam());
  QuantizeOptions options;
  options.calibration.samples = 32;
  const auto quantized = int8_of(graph, images(), options);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message();
  ASSERT_TRUE(quantized->verify().ok());
  EXPECT_THAT(quantized->metadata.at("lathe.history"), HasSubstr("quantize"));

  const auto lowered = passes::run_phases(*quantized, passes::inference_pipeline());
  ASSERT_TRUE(lowered.ok()) << lowered.error().message();
  const std::string text = ir::to_text(*lowered);
  for (const char* op :
       {" Conv(", " Gemm(", " Add(", "Relu", "Clip", " GlobalAveragePool(", "= DequantizeLinear"}) {
    EXPECT_THAT(text, Not(HasSubstr(op)));
  }

  const Tensor input = random_input(3);
  const Tensor expected = run(*quantized, "lowered", input);
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
  const auto quantized = int8_of(graph, images(), options);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message();
  const auto lowered = passes::run_phases(*quantized, passes::inference_pipeline());
  EXPECT_THAT(ir::to_text(*lowered), HasSubstr("graph(Conv,Relu)"));
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
  const ir::ValueId bias = *infinite.find_value("bn1.bias");
  ir::Tensor values = *infinite.constant(bias);
  values.mutable_data<float>()[0] = INFINITY;
  infinite.set_constant(bias, std::move(values));
  EXPECT_THAT(quantize(infinite, images()).error().message(), HasSubstr("is not finite"));
}

// x [N,6] -> Gemm with a bias of `bias` elements -> Relu -> Gemm.
Graph two_layers(std::int64_t bias) {
  Graph graph;
  Random random(4);
  const auto constant = [&](const char* name, const std::vector<std::int64_t>& dims) {
    Tensor t = Tensor::zeros(DataType::kFloat32, dims);
    for (float& v : t.mutable_data<float>()) v = random.uniform(-1, 1);
    return graph.add_constant(name, std::move(t));
  };
  const ir::ValueId x =
      graph.add_input("x", {DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 6}});
  const std::array first{x, constant("w1", {6, 5}), constant("c1", {bias})};
  const std::array second{graph.add("Relu", std::array{graph.add("Gemm", first, {}, "hidden")}),
                          constant("w2", {5, 3}), constant("c2", {3})};
  graph.set_outputs({graph.add("Gemm", second, {}, "y")});
  EXPECT_TRUE(ops::infer_shapes(graph).ok());
  return graph;
}

Tensor rows(std::int64_t count) {
  Tensor t = Tensor::zeros(DataType::kFloat32, {count, 6});
  Random random(9);
  for (float& v : t.mutable_data<float>()) v = random.uniform(-1, 1);
  return t;
}

std::shared_ptr<const data::Dataset> features() {
  const Path path = Path(testing::TempDir()) / "quantize_features_test.npz";
  const Tensor y = Tensor::zeros(DataType::kInt64, {40});
  EXPECT_TRUE(
      data::write_npz(path,
                      {{"x_train", rows(40)}, {"y_train", y}, {"x_test", rows(40)}, {"y_test", y}})
          .ok());
  auto dataset = data::open_dataset("npz:" + path.string(), data::Split::kTrain);
  EXPECT_TRUE(dataset.ok()) << dataset.error().message();
  return *dataset;
}

// A Gemm's C may be one number for all columns, and was read beyond its end.
TEST(Quantize, ABiasMayBeOneNumber) {
  for (const std::int64_t bias : {1, 5}) {
    const Graph graph = two_layers(bias);
    const auto quantized = int8_of(graph, features());
    ASSERT_TRUE(quantized.ok()) << quantized.error().message();
    const Tensor real = run(graph, "reference", rows(8));
    const Tensor int8 = run(*quantized, "native", rows(8));
    EXPECT_TRUE(int8.identical(run(*quantized, "lowered", rows(8))));
    for (std::int64_t i = 0; i < real.num_elements(); ++i)
      EXPECT_NEAR(real.get_double(i), int8.get_double(i), 0.1) << bias << " " << i;
  }
}

TEST(Quantize, NamesWhatItInserts) {
  const auto quantized = int8_of(two_layers(5), features());
  ASSERT_TRUE(quantized.ok()) << quantized.error().message();
  std::set<std::string> names;
  for (const ir::NodeId id : quantized->node_ids()) {
    const ir::Node& node = quantized->node(id);
    if (!node.is("QuantizeLinear") && !node.is("DequantizeLinear")) continue;
    EXPECT_FALSE(node.name.empty());
    EXPECT_TRUE(names.insert(node.name).second) << node.name << " twice";
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"x.quantize", "x.dequantize",
                                            "hidden.weight.dequantize", "hidden.bias.dequantize"}));
}

TEST(Quantize, RefusesAModelThatIsQuantizedAlready) {
  const auto once = int8_of(two_layers(5), features());
  ASSERT_TRUE(once.ok()) << once.error().message();
  const auto twice = quantize(*once, features());
  ASSERT_FALSE(twice.ok());
  EXPECT_THAT(twice.error().message(), HasSubstr("quantized already"));
  EXPECT_THAT(twice.error().message(), HasSubstr("x.quantize (QuantizeLinear)"));
  EXPECT_THAT(twice.error().message(), HasSubstr("quantize the float32 model"));
  const auto lowered = passes::run_phases(*once, passes::inference_pipeline());
  EXPECT_THAT(quantize(*lowered, features()).error().message(), HasSubstr("quantized already"));
}

TEST(Quantize, RefusesToExcludeWhatIsNotThere) {
  QuantizeOptions options;
  options.excluded = {"hiden"};
  const auto unknown = quantize(two_layers(5), features(), options);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(unknown.error().message(), HasSubstr("Conv or Gemm 'hiden'"));
  EXPECT_THAT(unknown.error().message(), HasSubstr("did you mean 'hidden'?"));
  options.excluded = {"softmax"};
  EXPECT_THAT(quantize(two_layers(5), features(), options).error().message(),
              HasSubstr("lathe inspect MODEL --nodes"));
  options.excluded = {"hidden", "y"};
  EXPECT_THAT(quantize(two_layers(5), features(), options).error().message(),
              HasSubstr("every layer"));
  options.excluded = {"hidden"};
  EXPECT_TRUE(quantize(two_layers(5), features(), options).ok());
}

TEST(Calibrate, StopsBetweenBatches) {
  QuantizeOptions options;
  options.calibration.compile.batch = 8;
  std::int64_t seen = 0;
  options.calibration.on_progress = [&](std::int64_t done, std::int64_t) { seen = done; };
  options.calibration.stop_requested = [&] { return seen >= 16; };
  const auto stopped = quantize(two_layers(5), features(), options);
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kInterrupted);
  EXPECT_THAT(stopped.error().message(), HasSubstr("after 16 of 40"));
}

// Rows of 6 features, the last of which is the row's number; those of `bad` cannot be read.
std::shared_ptr<const data::Dataset> numbered(std::int64_t count, const std::vector<int>& bad) {
  Tensor x = Tensor::zeros(DataType::kFloat32, {count, 6});
  for (std::int64_t i = 0; i < count; ++i) x.set_double(i * 6 + 5, static_cast<double>(i));
  for (const int row : bad) x.set_double(row * 6, NAN);
  const std::vector<std::int64_t> labels(static_cast<std::size_t>(count), 0);
  return data::make_feature_dataset("numbered", x, labels, {"all"}).value();
}

std::int64_t samples_in_history(const Graph& graph) {
  return nlohmann::json::parse(graph.metadata.at("lathe.history")).back()["samples"];
}

TEST(Calibrate, SeesAsManySamplesAsAreAskedFor) {
  for (const std::int64_t wanted : {1, 20, 32, 40, 0}) {
    QuantizeOptions options;
    options.calibration.samples = wanted;
    std::int64_t last = 0;
    options.calibration.on_progress = [&](std::int64_t done, std::int64_t) { last = done; };
    const auto quantized = quantize(two_layers(5), features(), options);
    ASSERT_TRUE(quantized.ok()) << quantized.error().message();
    const std::int64_t expected = wanted == 0 ? 40 : wanted;
    EXPECT_EQ(quantized->samples.seen, expected);
    EXPECT_EQ(quantized->samples.left_out, 0);
    EXPECT_EQ(last, expected);
    EXPECT_EQ(samples_in_history(quantized->graph), expected);
  }
}

TEST(Calibrate, ARowBeyondTheNumberAskedForHasNoSay) {
  Graph graph;
  const ir::ValueId x =
      graph.add_input("x", {DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 6}});
  graph.set_outputs({graph.add("Relu", std::array{x}, {}, "y")});
  ASSERT_TRUE(ops::infer_shapes(graph).ok());
  // The range of 5 samples is that of the first 5 of the batch of 16, whatever the batch.
  const auto range_with = [&](std::int64_t batch) {
    CalibrateOptions options;
    options.samples = 5;
    options.compile.batch = batch;
    return calibrate(graph, graph.outputs(), numbered(64, {}), options).value().ranges.at("y").max;
  };
  EXPECT_EQ(range_with(16), range_with(5));
  EXPECT_EQ(range_with(16), range_with(1));
}

TEST(Calibrate, CountsWhatItCouldNotRead) {
  QuantizeOptions options;
  const auto all = quantize(two_layers(5), numbered(40, {3, 17, 39}), options);
  ASSERT_TRUE(all.ok()) << all.error().message();
  EXPECT_EQ(all->samples.seen, 37);
  EXPECT_EQ(all->samples.left_out, 3);
  EXPECT_EQ(samples_in_history(all->graph), 37);
  options.calibration.samples = 37;
  EXPECT_EQ(quantize(two_layers(5), numbered(40, {3, 17, 39}), options).value().samples.seen, 37);
  options.calibration.samples = 30;
  EXPECT_EQ(quantize(two_layers(5), numbered(40, {3, 17, 39}), options).value().samples.seen, 30);
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

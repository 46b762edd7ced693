#include <array>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

#include "data/npy.h"
#include "formats/model_file.h"
#include "ir/architectures.h"
#include "ir/graph_builder.h"
#include "measure/bench.h"
#include "measure/evaluate.h"
#include "measure/isolate.h"
#include "ops/infer_shapes.h"

namespace lathe::measure {
namespace {

using testing::HasSubstr;

TEST(Quantile, Interpolates) {
  EXPECT_EQ(quantile({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(quantile({1, 2}, 0.5), 1.5);
  EXPECT_EQ(quantile({7}, 0.99), 7);
}

TEST(RunIsolated, HandsOverAnswersErrorsAndCrashes) {
  EXPECT_EQ(run_isolated([]() -> Result<nlohmann::json> { return nlohmann::json(42); }).value(),
            42);
  const auto failed =
      run_isolated([]() -> Result<nlohmann::json> { return invalid_data("broken"); });
  EXPECT_EQ(failed.error().message(), "broken");
  EXPECT_EQ(failed.error().code(), ErrorCode::kInvalidData);
  const auto crashed = run_isolated([]() -> Result<nlohmann::json> {
    std::signal(SIGKILL, SIG_DFL);
    raise(SIGKILL);
    return nlohmann::json();
  });
  EXPECT_THAT(crashed.error().message(), HasSubstr("signal 9"));
}

// Features [x0, x1, x2]; the class is the index of the largest.
Path write_dataset() {
  const Path path = Path(testing::TempDir()) / "measure_test.npz";
  ir::Tensor x = ir::Tensor::zeros(ir::DataType::kFloat32, {50, 3});
  ir::Tensor y = ir::Tensor::zeros(ir::DataType::kInt64, {50});
  for (int i = 0; i < 50; ++i) {
    x.mutable_data<float>()[static_cast<std::size_t>(i * 3 + i % 3)] = 1;
    y.mutable_data<std::int64_t>()[static_cast<std::size_t>(i)] = i < 40 ? i % 3 : (i + 1) % 3;
  }
  EXPECT_TRUE(
      data::write_npz(path, {{"x_test", x}, {"y_test", y}, {"x_train", x}, {"y_train", y}}).ok());
  return path;
}

ir::Graph identity_classifier() {
  ir::Graph g;
  const ir::ValueId x =
      g.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 3}});
  g.set_outputs({g.add("Relu", std::array{x}, {}, "logits")});
  EXPECT_TRUE(ops::infer_shapes(g).ok());
  return g;
}

TEST(Evaluate, CountsHitsThroughEveryBackendAndBatch) {
  auto dataset = data::open_dataset("npz:" + write_dataset().string(), data::Split::kTest);
  ASSERT_TRUE(dataset.ok()) << dataset.error().message();
  for (const char* backend : {"native", "reference"}) {
    for (const std::int64_t batch : {1, 16, 64}) {
      const auto result = evaluate(identity_classifier(), *dataset,
                                   {.backend = backend, .threads = 1, .batch = batch});
      ASSERT_TRUE(result.ok()) << result.error().message();
      EXPECT_EQ(result->samples, 50);
      EXPECT_DOUBLE_EQ(result->top1, 0.8);
      EXPECT_DOUBLE_EQ(result->top5, 1.0);
      EXPECT_EQ(
          std::accumulate(result->confusion.begin(), result->confusion.end(), std::int64_t{0}), 50);
    }
  }
  EXPECT_THAT(evaluate(identity_classifier(), *dataset, {.backend = "magic"}).error().message(),
              HasSubstr("unknown backend"));
}

TEST(Evaluate, RefusesAModelWithTooFewClasses) {
  auto dataset = data::open_dataset("npz:" + write_dataset().string(), data::Split::kTest);
  ir::GraphBuilder b("g", 1);
  ir::Graph g = b.finish(b.linear(b.input("x", {ir::Dim::symbol("N"), 3}), 2), "y");
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_THAT(evaluate(g, *dataset).error().message(), HasSubstr("2 classes, the dataset 3"));
}

TEST(Bench, MeasuresAFileInItsOwnProcess) {
  ir::Graph graph = ir::make_architecture("mlp").value();
  ASSERT_TRUE(ops::infer_shapes(graph).ok());
  const Path path = Path(testing::TempDir()) / "measure_test.onnx";
  ASSERT_TRUE(formats::save_model(graph, path).ok());
  BenchOptions options;
  options.seconds = 0.05;
  options.batch = 3;
  const auto result = bench(path, options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->batch, 3);
  EXPECT_EQ(result->macs, 3 * 266200);
  EXPECT_GE(result->runs, 20);
  EXPECT_LE(result->min_ms, result->p50_ms);
  EXPECT_LE(result->p50_ms, result->p99_ms);
  EXPECT_GT(result->peak_rss_bytes, 0);
  EXPECT_GT(result->size_bytes, 266610 * 4);
  EXPECT_THAT(bench("/nonexistent.onnx", options).error().message(),
              HasSubstr("/nonexistent.onnx"));
}

}  // namespace
}  // namespace lathe::measure

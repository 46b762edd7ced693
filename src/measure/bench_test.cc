#include "measure/bench.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "formats/model_file.h"
#include "formats/onnx/write_onnx.h"
#include "ir/architectures.h"
#include "measure/inference_timer.h"
#include "ops/infer_shapes.h"

namespace lathe::measure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kMacs = 266200;

Path write_mlp() {
  ir::Graph graph = ir::make_architecture("mlp").value();
  EXPECT_TRUE(ops::infer_shapes(graph).ok());
  const Path path = Path(testing::TempDir()) / "bench_test.onnx";
  EXPECT_TRUE(formats::save_model(graph, path).ok());
  return path;
}

Path write_fixed_batch() {
  ir::Graph graph;
  const ir::ValueId x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{3, 5}});
  graph.set_outputs({graph.add("Relu", std::array{x}, {}, "y")});
  EXPECT_TRUE(ops::infer_shapes(graph).ok());
  const Path path = Path(testing::TempDir()) / "bench_test_fixed.onnx";
  EXPECT_TRUE(formats::save_model(graph, path).ok());
  return path;
}

BenchOptions quick() {
  BenchOptions options;
  options.seconds = 0.02;
  return options;
}

TEST(Bench, MeasuresBackendsAndBatchesSideBySide) {
  const auto rows =
      make_rows({.models = {write_mlp()}, .backends = {"native", "reference"}, .batches = {1, 3}});
  BenchOptions options = quick();
  std::vector<std::string> said;
  options.on_progress = [&](const BenchProgress& now) {
    EXPECT_GE(now.share, 0);
    EXPECT_LE(now.share, 1);
    said.push_back(now.what);
  };
  const BenchReport report = bench(rows, options);
  ASSERT_TRUE(report.failures.empty()) << report.failures[0].reason.message();
  ASSERT_EQ(report.results.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const BenchResult& r = report.results[i];
    EXPECT_EQ(r.model, rows[i].model.string());
    EXPECT_EQ(r.backend, rows[i].backend);
    EXPECT_EQ(r.batch, rows[i].options.batch);
    EXPECT_EQ(r.macs, kMacs * r.batch);
    EXPECT_GE(r.rounds, 6);
    EXPECT_GE(r.runs, r.rounds);
    EXPECT_GT(r.min_ms, 0);
    EXPECT_LE(r.min_ms, r.p50_ms);
    EXPECT_LE(r.p50_ms, r.p90_ms);
    EXPECT_LE(r.p90_ms, r.p95_ms);
    EXPECT_LE(r.p95_ms, r.p99_ms);
    EXPECT_GT(r.items_per_s, 0);
    EXPECT_GT(r.load_ms, 0);
    EXPECT_GT(r.first_ms, 0);
    EXPECT_GT(r.peak_rss_bytes, 0);
    EXPECT_GT(r.size_bytes, 266610 * 4);
    EXPECT_FALSE(r.backend_version.empty());
    EXPECT_EQ(r.precision, "f32");
    EXPECT_EQ(r.ratio.has_value(), r.backend == "reference");
  }
  EXPECT_EQ(report.results[2].ratio_to, "native");
  EXPECT_TRUE(report.results[2].ratio->spread);
  EXPECT_THAT(said, testing::Contains(HasSubstr("loading bench_test.onnx, reference, batch 3")));
  EXPECT_THAT(said, testing::Contains(HasSubstr("round 1: bench_test.onnx, native")));
}

TEST(Bench, KeepsSeveralRequestsInFlight) {
  const auto rows = make_rows({.models = {write_mlp()}, .streams = {2}});
  const BenchReport report = bench(rows, quick());
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_EQ(report.results[0].streams, 2);
  EXPECT_GE(report.results[0].runs, 12) << "two requests a round at least";
}

TEST(Bench, ARowThatFailsLeavesTheOthers) {
  const auto rows = make_rows({.models = {"/nonexistent.onnx", write_mlp()}});
  const BenchReport report = bench(rows, quick());
  ASSERT_EQ(report.results.size(), 1U);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures[0].row.model, "/nonexistent.onnx");
  EXPECT_THAT(report.failures[0].reason.message(), HasSubstr("/nonexistent.onnx"));
  EXPECT_FALSE(report.results[0].ratio) << "there is nothing to compare with";
}

TEST(Bench, SaysWhichThreadsWereUsed) {
  const BenchReport report =
      bench(make_rows({.models = {write_fixed_batch()}, .threads = {2}}), quick());
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_EQ(report.results[0].threads, 1);
  EXPECT_THAT(report.results[0].notes, ElementsAre(HasSubstr("1 thread instead of 2")));
}

TEST(Bench, AModelWhoseFirstBackendFailedIsComparedWithTheNext) {
  BenchMatrix matrix{.models = {write_mlp()}, .backends = {"native", "reference", "auto"}};
  auto rows = make_rows(matrix);
  rows[0].options.memory_limit = 1;
  const BenchReport report = bench(rows, quick());
  ASSERT_EQ(report.results.size(), 2U);
  EXPECT_FALSE(report.results[0].ratio);
  ASSERT_TRUE(report.results[1].ratio);
  EXPECT_EQ(report.results[1].ratio_to, "reference");
  EXPECT_THAT(report.results[1].notes,
              testing::Contains("is compared with reference, since native failed"));
}

TEST(Bench, ARowThatGivesNoAnswerFails) {
  BenchOptions options = quick();
  options.answer_seconds = 1e-9;
  options.late_remedy = "--more allows more";
  const BenchReport report = bench(make_rows({.models = {write_mlp()}}), options);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_THAT(report.failures[0].reason.message(),
              HasSubstr("no answer within 1e-09 s; --more allows more"));
}

TEST(Bench, AStopKeepsWhatWasMeasured) {
  const Path model = write_mlp();
  const auto rows = make_rows({.models = {model, model}, .batches = {1, 2}});
  BenchOptions options = quick();
  options.seconds = 0.1;
  std::string now;
  options.on_progress = [&](const BenchProgress& progress) { now = progress.what; };
  options.stop_requested = [&] { return now.rfind("round 3", 0) == 0; };
  const BenchReport report = bench(rows, options);
  EXPECT_TRUE(report.interrupted);
  EXPECT_TRUE(report.failures.empty());
  ASSERT_EQ(report.results.size(), 2U) << "the first group";
  for (const BenchResult& result : report.results) {
    EXPECT_FALSE(result.finished);
    EXPECT_EQ(result.rounds, 2);
    EXPECT_FALSE(to_json(result)["finished"]);
  }
  ASSERT_EQ(report.unmeasured.size(), 2U);
  EXPECT_EQ(report.unmeasured[0].options.batch, 2);
  EXPECT_EQ(to_json(report.unmeasured[0])["backend"], "native");
}

TEST(Bench, ExternalDataCountsForTheSize) {
  ir::Graph graph = ir::make_architecture("mlp").value();
  ASSERT_TRUE(ops::infer_shapes(graph).ok());
  const Path path = Path(testing::TempDir()) / "bench_test_external.onnx";
  ASSERT_TRUE(formats::write_onnx(graph, path, {.external_data = true}).ok());
  const BenchReport report = bench(make_rows({.models = {path}}), quick());
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_GT(report.results[0].size_bytes, 266610 * 4);
}

TEST(Bench, GroupsMeasuredApartHaveARatioWithoutSpread) {
  const Path model = write_mlp();
  BenchOptions options = quick();
  options.limits.rows = 1;
  const BenchReport report = bench(make_rows({.models = {model, model}}), options);
  ASSERT_EQ(report.results.size(), 2U);
  ASSERT_TRUE(report.results[1].ratio);
  EXPECT_GT(report.results[1].ratio->median, 0);
  EXPECT_FALSE(report.results[1].ratio->spread);
  EXPECT_EQ(report.results[1].ratio_to, model.string());
}

TEST(Bench, ABatchThatTheFileFixesStands) {
  const Path model = write_fixed_batch();
  const BenchReport report = bench(make_rows({.models = {model}, .batches = {1, 2, 3}}), quick());
  ASSERT_EQ(report.results.size(), 2U);
  EXPECT_EQ(report.results[0].batch, 3);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_THAT(report.failures[0].reason.message(), HasSubstr("fixed at 3"));
}

TEST(BenchJson, HasTheKeysThatProgramsRead) {
  BenchResult result{.model = "a.onnx", .backend = "native", .p50_ms = 2};
  nlohmann::json json = to_json(result);
  for (const char* key :
       {"model",        "backend",         "threads",        "batch",   "min_ms",    "p50_ms",
        "p90_ms",       "p95_ms",          "p99_ms",         "mean_ms", "stddev_ms", "items_per_s",
        "load_ms",      "first_ms",        "peak_rss_bytes", "macs",    "gflops",    "arena_bytes",
        "weight_bytes", "size_bytes",      "runs",           "rounds",  "stable",    "streams",
        "precision",    "backend_version", "notes",          "finished"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_FALSE(json.contains("ratio"));
  result.ratio = Ratio{1.2, Interval{1.1, 1.3}};
  result.ratio_to = "native";
  json = to_json(result);
  EXPECT_EQ(json["ratio"], 1.2);
  EXPECT_EQ(json["ratio_low"], 1.1);
  EXPECT_EQ(json["ratio_high"], 1.3);
  EXPECT_EQ(json["ratio_to"], "native");
}

BenchResult swept(std::int64_t batch, double p99_ms, double items_per_s, int threads = 1) {
  return {.model = "a.onnx",
          .backend = "native",
          .threads = threads,
          .batch = batch,
          .p99_ms = p99_ms,
          .items_per_s = items_per_s};
}

TEST(BestBatches, TakesTheMostThroughputWithinTheBound) {
  const std::vector<BenchResult> results = {swept(1, 1, 1000),   swept(2, 1.8, 1200),
                                            swept(4, 3.4, 1150), swept(8, 7, 1500),
                                            swept(1, 6, 900, 2), swept(2, 9, 990, 2)};
  const auto best = best_batches(results, 5);
  ASSERT_EQ(best.size(), 2U);
  ASSERT_NE(best[0].best, nullptr);
  EXPECT_EQ(best[0].best->batch, 2);
  EXPECT_EQ(best[1].threads, 2);
  EXPECT_EQ(best[1].best, nullptr);
  EXPECT_EQ(to_json(best[0])["batch"], 2);
  EXPECT_TRUE(to_json(best[1])["batch"].is_null());
  EXPECT_EQ(to_json(best[1])["latency_bound_ms"], 5);
  EXPECT_EQ(best_batches(results, 7)[0].best->batch, 8);
}

TEST(InferenceTimer, ReportsWhatTheBackendRefuses) {
  const Path model = write_mlp();
  const engine::CompileOptions options{.threads = 1, .streams = 1};
  EXPECT_THAT(InferenceTimer::load(model, "magic", options, 0).error().message(),
              HasSubstr("unknown backend 'magic'"));
  engine::CompileOptions bf16 = options;
  bf16.precision = engine::Precision::kBFloat16;
  EXPECT_THAT(InferenceTimer::load(model, "reference", bf16, 0).error().message(),
              HasSubstr("bf16"));
}

}  // namespace
}  // namespace lathe::measure

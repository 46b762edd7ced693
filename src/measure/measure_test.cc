#include <algorithm>
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <span>

#include "data/memory_dataset.h"
#include "data/npy.h"
#include "ir/graph_builder.h"
#include "measure/evaluate.h"
#include "measure/model_preprocess.h"
#include "ops/infer_shapes.h"

namespace lathe::measure {
namespace {

using testing::HasSubstr;

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
                                   {.backend = backend, .compile = {.threads = 1, .batch = batch}});
      ASSERT_TRUE(result.ok()) << result.error().message();
      EXPECT_EQ(result->samples, 50);
      EXPECT_DOUBLE_EQ(result->top1, 0.8);
      EXPECT_DOUBLE_EQ(result->top5, 1.0);
      EXPECT_EQ(
          std::accumulate(result->confusion.begin(), result->confusion.end(), std::int64_t{0}), 50);
      ASSERT_EQ(result->ranks.size(), 50U);
      // The last ten are wrong; of equal outputs the lower class comes first.
      EXPECT_THAT(std::span(result->ranks).first(40), testing::Each(0));
      EXPECT_EQ(result->ranks[40], 2);  // its class is 2, its input of class 1
      EXPECT_EQ(result->ranks[41], 1);
    }
  }
  EXPECT_THAT(evaluate(identity_classifier(), *dataset, {.backend = "magic"}).error().message(),
              HasSubstr("unknown backend"));
}

TEST(Evaluate, StopsBetweenBatches) {
  auto dataset = data::open_dataset("npz:" + write_dataset().string(), data::Split::kTest);
  ASSERT_TRUE(dataset.ok()) << dataset.error().message();
  int asked = 0;
  EvaluateOptions options{.compile = {.threads = 1, .batch = 8}};
  options.stop_requested = [&] { return ++asked > 2; };
  const auto part = evaluate(identity_classifier(), *dataset, options);
  ASSERT_TRUE(part.ok()) << part.error().message();
  EXPECT_TRUE(part->interrupted);
  EXPECT_EQ(part->samples, 16);
  EXPECT_EQ(part->ranks.size(), 16U);
  EXPECT_DOUBLE_EQ(part->top1, 1.0);
  options.stop_requested = [] { return true; };
  EXPECT_EQ(evaluate(identity_classifier(), *dataset, options).error().code(),
            ErrorCode::kInterrupted);
}

// A sample of three features for each label.
std::shared_ptr<const data::Dataset> dataset_of(const std::vector<float>& features,
                                                const std::vector<std::int64_t>& labels,
                                                const std::vector<std::string>& classes) {
  ir::Tensor x =
      ir::Tensor::zeros(ir::DataType::kFloat32, {static_cast<std::int64_t>(labels.size()), 3});
  std::ranges::copy(features, x.mutable_data<float>().begin());
  return data::make_feature_dataset("d", std::move(x), labels, classes).value();
}

TEST(Evaluate, MatchesClassesByName) {
  ir::Graph g = identity_classifier();
  data::write_labels(std::vector<std::string>{"bird", "cat", "dog"}, g.metadata);
  const auto animals = dataset_of({0, 1, 0, 0, 0, 1}, {0, 1}, {"Cat", "dog"});
  const auto result = evaluate(g, animals);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_DOUBLE_EQ(result->top1, 1);
  EXPECT_THAT(result->class_names, testing::ElementsAre("bird", "cat", "dog"));
  EXPECT_EQ(result->confusion[1 * 3 + 1], 1);
  EXPECT_EQ(result->confusion[2 * 3 + 2], 1);
  EXPECT_THAT(result->data_notes, testing::IsEmpty());
  const auto strangers = evaluate(g, dataset_of({0, 1, 0}, {0}, {"zebra"}));
  EXPECT_THAT(strangers.error().message(), HasSubstr("class 'zebra' of the data is none of"));
}

TEST(Evaluate, AnOutputThatIsNoNumberIsWrong) {
  // Zero divided by itself is no number.
  ir::Graph g;
  const ir::ValueId x =
      g.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 3}});
  g.set_outputs({g.add("Div", std::array{x, x}, {}, "logits")});
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  const auto result = evaluate(g, dataset_of({1, 2, 3, 0, 0, 0}, {0, 0}, {"a", "b", "c"}));
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_DOUBLE_EQ(result->top1, 0.5);
  EXPECT_DOUBLE_EQ(result->top5, 0.5);
  EXPECT_THAT(result->ranks, testing::ElementsAre(0, kNoRank));
  EXPECT_THAT(result->data_notes,
              testing::ElementsAre(HasSubstr("to 1 sample the model's outputs are no numbers"),
                                   HasSubstr("all samples are of one class")));
}

TEST(Evaluate, NamesWhatItLeavesOut) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto damaged = dataset_of({1, 0, 0, 0, inf, 0}, {0, 1}, {"a", "b", "c"});
  const auto result = evaluate(identity_classifier(), damaged);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->samples, 1);
  EXPECT_EQ(result->corrupt, 1);
  EXPECT_THAT(result->corrupt_messages, testing::ElementsAre("sample 1: feature 1 is inf"));
  EXPECT_EQ(evaluate(identity_classifier(), damaged, {.strict = true}).error().message(),
            "sample 1: feature 1 is inf");
  EXPECT_EQ(
      evaluate(identity_classifier(), damaged, {.preprocess = data::Preprocess{}}).error().code(),
      ErrorCode::kInvalidArgument);
}

TEST(ModelPreprocess, GivesAnExampleThatFits) {
  ir::Graph g;
  g.add_input("x", {ir::DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), 1, 28, 32}});
  EXPECT_THAT(missing_preprocess(g).message(), HasSubstr("\"size\":[28,32]"));
  EXPECT_THAT(missing_preprocess(g).message(), HasSubstr("\"channels\":\"gray\""));
  EXPECT_THAT(missing_preprocess(ir::Graph()).message(), HasSubstr("\"size\":[224,224]"));
}

TEST(Evaluate, RefusesAModelWithTooFewClasses) {
  auto dataset = data::open_dataset("npz:" + write_dataset().string(), data::Split::kTest);
  ir::GraphBuilder b("g", 1);
  ir::Graph g = b.finish(b.linear(b.input("x", {ir::Dim::symbol("N"), 3}), 2), "y");
  ASSERT_TRUE(ops::infer_shapes(g).ok());
  EXPECT_THAT(evaluate(g, *dataset).error().message(), HasSubstr("2 classes, the dataset 3"));
}

}  // namespace
}  // namespace lathe::measure

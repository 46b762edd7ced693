#include "train/run_description.h"

#include <nlohmann/json.hpp>

#include "train/test_support.h"

namespace lathe::train {
namespace {

nlohmann::json run_of(const TrainOptions& options, const ir::Graph& graph = small_mlp(1),
                      std::int64_t samples = 8) {
  return describe_run(options, graph, *separable_points(samples, 1), nullptr, nullptr);
}

std::string difference(const nlohmann::json& then, const nlohmann::json& now) {
  const Status same = check_same_run(then, now);
  return same.ok() ? "" : same.error().message();
}

TEST(RunDescription, AnotherRunIsToldByTheFirstDifference) {
  const TrainOptions then;
  const auto told = [&](auto change) {
    TrainOptions now;
    change(now);
    return difference(run_of(then), run_of(now));
  };
  EXPECT_EQ(told([](TrainOptions&) {}), "");
  EXPECT_EQ(told([](TrainOptions& o) { o.epochs = 11; }), "");
  EXPECT_EQ(told([](TrainOptions& o) { o.batch_size = 64; }), "--batch was 128, is 64");
  EXPECT_EQ(told([](TrainOptions& o) { o.learning_rate = 0.5; }), "--lr was 0.1, is 0.5");
  EXPECT_EQ(told([](TrainOptions& o) { o.beta1 = 0.5; }), "beta1 was 0.9, is 0.5");
  EXPECT_EQ(told([](TrainOptions& o) { o.augmentation.horizontal_flip = true; }),
            "--augment flip was false, is true");
  EXPECT_EQ(told([](TrainOptions& o) { o.precision = Precision::kBFloat16; }),
            "--precision was \"auto\", is \"bfloat16\"");
}

TEST(RunDescription, TellsOtherDataAndOtherGraphs) {
  const TrainOptions options;
  EXPECT_EQ(difference(run_of(options), run_of(options, small_mlp(1), 9)),
            "there were 8 training samples, are 9; see --limit and --data");
  EXPECT_EQ(difference(run_of(options), run_of(options, small_mlp(2))),
            "the model that training starts from is another one; see MODEL, --arch and --seed");
}

TEST(RunDescription, NamesThatAreNoUtf8AreAsACheckpointKeepsThem) {
  nlohmann::json then = run_of({});
  nlohmann::json now = then;
  then["training data"] = "images:caf\xef\xbf\xbd";
  now["training data"] = "images:caf\xe9";
  EXPECT_EQ(difference(then, now), "");
  then["training data"] = "images:tea";
  EXPECT_EQ(difference(then, now), "--data was \"images:tea\", is \"images:caf\xef\xbf\xbd\"");
}

TEST(RunDescription, ARunThatDoesNotSayIsAnother) {
  nlohmann::json then = run_of({});
  then.erase("seed");
  EXPECT_EQ(difference(then, run_of({})), "it does not say what --seed was");
}

TEST(RunDescription, RemarksOnLengthWhereTheScheduleDependsOnIt) {
  TrainOptions options;
  options.epochs = 4;
  const nlohmann::json then = run_of(options);
  EXPECT_EQ(remark_on_length(then, options, 2), "");
  options.epochs = 6;
  EXPECT_EQ(remark_on_length(then, options, 4),
            "--epochs was 4, is 6: the rates of the epochs that are done were those of the "
            "one-cycle schedule over 4, the rest follows that over 6");
  EXPECT_EQ(remark_on_length(then, options, 6), "");
  options.schedule = Schedule::kConstant;
  EXPECT_EQ(remark_on_length(then, options, 4), "");
}

TEST(RunDescription, WhatWasChosenThenTakesThePlaceOfAuto) {
  TrainOptions options;
  options.precision = Precision::kBFloat16;
  options.memory_format = MemoryFormat::kChannelsLast;
  options.device = "cpu";
  options.threads = 3;
  const nlohmann::json then = run_of(options);
  TrainOptions now;
  now.threads = 2;
  ASSERT_TRUE(adopt_choices(then, now).ok());
  EXPECT_EQ(now.precision, Precision::kBFloat16);
  EXPECT_EQ(now.memory_format, MemoryFormat::kChannelsLast);
  EXPECT_EQ(now.device, "cpu");
  EXPECT_EQ(now.threads, 2);  // as told; the check refuses it
}

}  // namespace
}  // namespace lathe::train

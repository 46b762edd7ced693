#include "train/options.h"

#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>

namespace lathe::train {
namespace {

TEST(Options, NamesReadBackAsThemselves) {
  for (const Schedule schedule : {Schedule::kConstant, Schedule::kCosine, Schedule::kOneCycle,
                                  Schedule::kStep, Schedule::kPlateau}) {
    EXPECT_EQ(parse_schedule(to_string(schedule)).value(), schedule);
  }
  for (const Optimizer optimizer : {Optimizer::kSgd, Optimizer::kAdamW}) {
    EXPECT_EQ(parse_optimizer(to_string(optimizer)).value(), optimizer);
  }
  for (const Precision precision : {Precision::kAuto, Precision::kFloat32, Precision::kBFloat16}) {
    EXPECT_EQ(parse_precision(to_string(precision)).value(), precision);
  }
  for (const MemoryFormat format :
       {MemoryFormat::kAuto, MemoryFormat::kContiguous, MemoryFormat::kChannelsLast}) {
    EXPECT_EQ(parse_memory_format(to_string(format)).value(), format);
  }
}

TEST(Options, AnUnknownNameListsTheKnownOnes) {
  const auto parsed = parse_optimizer("adam");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().message(),
            "unknown optimizer 'adam': known are sgd, adamw; did you mean 'adamw'?");
}

TEST(Options, DefaultsDependOnTheOptimizer) {
  TrainOptions options;
  EXPECT_TRUE(validate(options).ok());
  EXPECT_EQ(learning_rate_or_default(options), 0.1);
  EXPECT_EQ(weight_decay_or_default(options), 5e-4);
  options.optimizer = Optimizer::kAdamW;
  EXPECT_EQ(learning_rate_or_default(options), 0.002);
  EXPECT_EQ(weight_decay_or_default(options), 0.01);
  options.weight_decay = 0;
  EXPECT_EQ(weight_decay_or_default(options), 0);
}

TEST(Options, TheErrorNamesTheOption) {
  const auto message = [](auto change) {
    TrainOptions options;
    change(options);
    const Status valid = validate(options);
    return valid.ok() ? std::string() : valid.error().message();
  };
  EXPECT_EQ(message([](TrainOptions& o) { o.epochs = 0; }), "--epochs is 0, expected at least 1");
  EXPECT_EQ(message([](TrainOptions& o) { o.learning_rate = -1; }),
            "--lr is -1, expected more than 0");
  EXPECT_EQ(
      message([](TrainOptions& o) { o.learning_rate = std::numeric_limits<double>::quiet_NaN(); }),
      "--lr is nan, expected more than 0");
  EXPECT_EQ(message([](TrainOptions& o) { o.label_smoothing = 1; }),
            "--label-smoothing is 1, expected in [0, 1)");
  EXPECT_EQ(message([](TrainOptions& o) { o.resume = true; }),
            "--resume needs a checkpoint to go on from");
  EXPECT_EQ(message([](TrainOptions& o) { o.gradient_clip_norm = -2; }),
            "--clip-norm is -2, expected at least 0");
  EXPECT_EQ(message([](TrainOptions& o) { o.step_factor = 1.5; }),
            "--step-factor is 1.5, expected in (0, 1]");
  EXPECT_EQ(message([](TrainOptions& o) { o.beta1 = 1; }), "beta1 is 1, expected in [0, 1)");
  EXPECT_EQ(message([](TrainOptions& o) { o.threads = -1; }),
            "--threads is -1, expected at least 0");
  EXPECT_NE(message([](TrainOptions& o) { o.augmentation.hue = 2; }), "");
}

TEST(Options, AsJsonTheyAreWhatChangesTheOutcome) {
  TrainOptions options;
  const nlohmann::json before = to_json(options);
  EXPECT_EQ(before.size(), 32U);
  options.loader_workers = 7;
  options.threads = 3;
  options.checkpoint = "elsewhere";
  EXPECT_EQ(to_json(options), before);
  options.augmentation.horizontal_flip = true;
  EXPECT_NE(to_json(options), before);
}

TEST(Options, AReaderIsToldWhatMattersAndWhatWasChanged) {
  TrainOptions options;
  const nlohmann::json usual = notable_json(options);
  EXPECT_EQ(usual.size(), 6U);
  EXPECT_EQ(usual["learning_rate"], 0.1);
  EXPECT_FALSE(usual.contains("beta2"));
  options.beta2 = 0.9;
  EXPECT_EQ(notable_json(options)["beta2"], 0.9);
}

TEST(Options, AreNamedByTheirFlags) {
  EXPECT_EQ(flag_of("gradient_clip_norm"), "--clip-norm");
  EXPECT_EQ(flag_of("beta1"), "beta1");
  EXPECT_EQ(flag_of("training data"), "training data");
}

}  // namespace
}  // namespace lathe::train

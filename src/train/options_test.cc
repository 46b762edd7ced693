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
  EXPECT_EQ(parsed.error().message(), "unknown optimizer \"adam\"; known: sgd, adamw");
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
  EXPECT_EQ(message([](TrainOptions& o) { o.epochs = 0; }), "epochs is 0, expected at least 1");
  EXPECT_EQ(message([](TrainOptions& o) { o.learning_rate = -1; }),
            "learning_rate is -1, expected more than 0");
  EXPECT_EQ(
      message([](TrainOptions& o) { o.learning_rate = std::numeric_limits<double>::quiet_NaN(); }),
      "learning_rate is nan, expected more than 0");
  EXPECT_EQ(message([](TrainOptions& o) { o.label_smoothing = 1; }),
            "label_smoothing is 1, expected in [0, 1)");
  EXPECT_EQ(message([](TrainOptions& o) { o.resume = true; }),
            "resume needs a checkpoint to go on from");
  EXPECT_NE(message([](TrainOptions& o) { o.augmentation.hue = 2; }), "");
}

TEST(Options, TheFingerprintHoldsWhatChangesTheOutcome) {
  TrainOptions options;
  const nlohmann::json before = fingerprint(options);
  options.loader_workers = 7;
  options.checkpoint = "elsewhere";
  EXPECT_EQ(fingerprint(options), before);
  options.augmentation.horizontal_flip = true;
  EXPECT_NE(fingerprint(options), before);
}

}  // namespace
}  // namespace lathe::train

#include "train/schedule.h"

#include <gtest/gtest.h>
#include <vector>

namespace lathe::train {
namespace {

TrainOptions options_for(Schedule schedule) {
  TrainOptions options;
  options.schedule = schedule;
  options.learning_rate = 1;
  options.epochs = 10;
  return options;
}

std::vector<double> rates(const TrainOptions& options, std::int64_t updates_per_epoch) {
  std::vector<double> all;
  for (std::int64_t i = 0; i < options.epochs * updates_per_epoch; ++i) {
    all.push_back(rate_at(options, i, updates_per_epoch, {}).learning_rate);
  }
  return all;
}

void expect_rates(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-6) << i;
}

TEST(Schedule, ConstantWithWarmup) {
  TrainOptions options = options_for(Schedule::kConstant);
  options.warmup = 0.4;
  expect_rates(rates(options, 1), {0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1});
}

TEST(Schedule, CosineFallsFromTheRateTowardsZero) {
  TrainOptions options = options_for(Schedule::kCosine);
  options.epochs = 4;
  expect_rates(rates(options, 1), {1, 0.853553, 0.5, 0.146447});
}

// The values of torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=10).
TEST(Schedule, OneCycleClimbsAndFalls) {
  expect_rates(
      rates(options_for(Schedule::kOneCycle), 1),
      {0.04, 0.52, 1.0, 0.950485, 0.811746, 0.611262, 0.388742, 0.188258, 0.049519, 0.000004});
}

TEST(Schedule, OneCycleMomentumRunsTheOtherWay) {
  TrainOptions options = options_for(Schedule::kOneCycle);
  EXPECT_EQ(rate_at(options, 2, 1, {}).momentum, 0.9);
  options.one_cycle_momentum = true;
  EXPECT_NEAR(rate_at(options, 0, 1, {}).momentum, 0.95, 1e-12);
  EXPECT_NEAR(rate_at(options, 2, 1, {}).momentum, 0.85, 1e-12);
  EXPECT_NEAR(rate_at(options, 9, 1, {}).momentum, 0.95, 1e-12);
}

TEST(Schedule, OneCycleOfAVeryShortRunStaysFinite) {
  TrainOptions options = options_for(Schedule::kOneCycle);
  options.epochs = 1;
  for (std::int64_t updates = 1; updates < 5; ++updates) {
    for (const double rate : rates(options, updates)) {
      EXPECT_GE(rate, 0);
      EXPECT_LE(rate, 1);
    }
  }
}

TEST(Schedule, StepFallsEachFewEpochs) {
  TrainOptions options = options_for(Schedule::kStep);
  options.epochs = 3;
  options.step_epochs = 2;
  options.step_factor = 0.5;
  expect_rates(rates(options, 2), {1, 1, 1, 1, 0.5, 0.5});
}

std::vector<EpochRecord> history_of(const std::vector<double>& losses,
                                    const std::vector<double>& accuracies) {
  std::vector<EpochRecord> history;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    history.push_back({.epoch = static_cast<std::int64_t>(i) + 1,
                       .validation_loss = losses[i],
                       .validation_top1 = accuracies[i]});
  }
  return history;
}

TEST(Schedule, PlateauWaitsForItsPatience) {
  TrainOptions options = options_for(Schedule::kPlateau);
  options.plateau_patience = 2;
  options.plateau_factor = 0.1;
  const std::vector<double> losses = {1, 0.9, 0.95, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8};
  const std::vector<double> expected = {1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001};
  const auto history = history_of(losses, losses);
  for (std::size_t epochs = 0; epochs <= losses.size(); ++epochs) {
    EXPECT_NEAR(
        rate_at(options, static_cast<std::int64_t>(epochs), 1, std::span(history).first(epochs))
            .learning_rate,
        expected[epochs], 1e-12)
        << epochs;
  }
}

TEST(Schedule, TheBestEpochHasTheHighestAccuracyThenTheLowestLoss) {
  EXPECT_EQ(best_epoch_index({}), -1);
  EXPECT_EQ(best_epoch_index(history_of({1, 1, 1}, {0.5, 0.7, 0.6})), 1);
  EXPECT_EQ(best_epoch_index(history_of({1, 0.8, 0.9}, {0.7, 0.7, 0.7})), 1);
  EXPECT_EQ(best_epoch_index(history_of({1, 1}, {0.7, 0.7})), 0);
  const std::vector<EpochRecord> unmeasured = {{.epoch = 1}, {.epoch = 2}};
  EXPECT_EQ(best_epoch_index(unmeasured), 1);
}

TEST(Schedule, EarlyStopCountsEpochsWithoutABetterAccuracy) {
  TrainOptions options;
  const auto history = history_of({1, 1, 1, 1}, {0.5, 0.7, 0.7, 0.6});
  EXPECT_FALSE(stops_early(options, history));
  options.early_stop_patience = 2;
  EXPECT_FALSE(stops_early(options, std::span(history).first(3)));
  EXPECT_TRUE(stops_early(options, history));
}

}  // namespace
}  // namespace lathe::train

#include "train/history.h"

#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace lathe::train {
namespace {

EpochRecord record(std::int64_t epoch) {
  return {.epoch = epoch,
          .learning_rate = 0.1,
          .train_loss = 1.0 / 3.0,
          .train_top1 = 0.5,
          .validation_loss = std::nan(""),
          .validation_top1 = std::nan(""),
          .seconds = 12.25,
          .images_per_s = 4000};
}

TEST(History, ARecordReadsBackExactly) {
  const auto back = epoch_record_from_json(nlohmann::json::parse(to_json(record(3)).dump()));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(back->epoch, 3);
  EXPECT_EQ(back->train_loss, 1.0 / 3.0);
  EXPECT_TRUE(std::isnan(back->validation_top1));
  EXPECT_EQ(back->images_per_s, 4000);
}

TEST(History, AMalformedRecordSaysWhatIsMissing) {
  nlohmann::json json = to_json(record(3));
  json["train_loss"] = "low";
  EXPECT_EQ(epoch_record_from_json(json).error().message(), "epoch 3 has no number \"train_loss\"");
  EXPECT_FALSE(epoch_record_from_json(nlohmann::json::array()).ok());
  EXPECT_FALSE(epoch_record_from_json({{"epoch", "one"}}).ok());
}

TEST(History, ColumnsLeaveOutWhatWasNeverMeasured) {
  const std::vector<EpochRecord> history = {record(1), record(2)};
  const nlohmann::json columns = history_columns(history);
  EXPECT_EQ(columns["epoch"], nlohmann::json({1, 2}));
  EXPECT_EQ(columns["train_loss"][0], 0.333333);
  EXPECT_FALSE(columns.contains("validation_loss"));
  EXPECT_FALSE(columns.contains("seconds"));
  EXPECT_FALSE(columns.contains("images_per_s"));
}

}  // namespace
}  // namespace lathe::train

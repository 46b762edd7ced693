#include "data/model_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::data {
namespace {

using testing::HasSubstr;

TEST(ModelHistory, StepsAreAppended) {
  Metadata metadata;
  EXPECT_TRUE(read_history_steps(metadata).value().empty());
  ASSERT_TRUE(append_history_step({{"step", "train"}}, metadata).ok());
  ASSERT_TRUE(append_history_step({{"step", "quantize"}}, metadata).ok());
  EXPECT_EQ(metadata.at("lathe.history"), R"([{"step":"train"},{"step":"quantize"}])");
  EXPECT_EQ(read_history_steps(metadata).value().size(), 2U);
}

TEST(ModelHistory, TakesNamesThatAreNoUtf8) {
  Metadata metadata;
  ASSERT_TRUE(append_history_step({{"data", "images:caf\xe9"}}, metadata).ok());
  EXPECT_EQ(metadata.at("lathe.history"), "[{\"data\":\"images:caf\xef\xbf\xbd\"}]");
}

TEST(ModelHistory, WhatIsNoHistoryIsLeftAlone) {
  const std::string deep(100'000, '[');
  for (const auto& [text, says] :
       {std::pair<std::string, const char*>{"{}", "expected a JSON array"},
        {"[", "not JSON"},
        {deep, "nested more than"},
        {deep + std::string(100'000, ']'), "nested more than"}}) {
    Metadata metadata{{"lathe.history", text}};
    EXPECT_THAT(read_history_steps(metadata).error().message(), HasSubstr("lathe.history: "));
    EXPECT_THAT(append_history_step({{"step", "train"}}, metadata).error().message(),
                HasSubstr(says));
    EXPECT_EQ(metadata.at("lathe.history"), text);
  }
}

}  // namespace
}  // namespace lathe::data

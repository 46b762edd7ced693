#include "base/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace lathe {
namespace {

using testing::HasSubstr;

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST(JsonText, ReadsWhatIsJson) {
  EXPECT_EQ(parse_json(R"({"a": [1, "two", null]})").value(),
            (nlohmann::json{{"a", {1, "two", nullptr}}}));
  EXPECT_EQ(parse_json(R"("[[\"[[\\")").value(), "[[\"[[\\");
  EXPECT_EQ(parse_json("-0.5").value(), -0.5);
}

TEST(JsonText, SaysWhereItIsNone) {
  EXPECT_EQ(parse_json("[1, x]").error().message(),
            "not JSON: byte 5 of 6 is not what was expected");
  EXPECT_EQ(parse_json("[1, 2").error().message(), "not JSON: it ends too early");
  EXPECT_EQ(parse_json("[1, x]").error().code(), ErrorCode::kInvalidData);
  for (const char* text : {"", "{", "[1]]", "[1] [2]", "'a'", "\"\xff\"", "\"\\", "]]]]"}) {
    EXPECT_THAT(parse_json(text).error().message(), HasSubstr("not JSON")) << text;
  }
  EXPECT_THAT(parse_json("1e999").error().message(), HasSubstr("too large"));
}

TEST(JsonText, RefusesWhatIsNestedTooDeeply) {
  const auto deepest = parse_json(nested(kMaxJsonDepth));
  ASSERT_TRUE(deepest.ok());
  const nlohmann::json copy = *deepest;
  EXPECT_EQ(json_text(copy), nested(kMaxJsonDepth));
  EXPECT_THAT(parse_json(nested(kMaxJsonDepth + 1)).error().message(), HasSubstr("200 deep"));
  EXPECT_THAT(parse_json(nested(100'000)).error().message(), HasSubstr("200 deep"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_FALSE(parse_json(objects).ok());
}

TEST(JsonText, WritesStringsThatAreNoUtf8) {
  EXPECT_EQ(json_text({{"name", "a\xff.png"}}), "{\"name\":\"a\xef\xbf\xbd.png\"}");
  EXPECT_EQ(json_text({1, 2}, 1), "[\n 1,\n 2\n]");
}

}  // namespace
}  // namespace lathe

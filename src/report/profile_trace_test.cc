#include "report/profile_trace.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/test_profile.h"

namespace lathe::report {
namespace {

TEST(ProfileTrace, IsOfTheFormThatViewersRead) {
  const ProfilePage page = test_profile_page();
  const nlohmann::json trace = nlohmann::json::parse(to_trace(page.title, page.profile));
  const nlohmann::json& events = trace.at("traceEvents");
  ASSERT_EQ(events.size(), 6);
  int names = 0;
  for (const nlohmann::json& event : events) {
    EXPECT_TRUE(event.at("name").is_string());
    EXPECT_TRUE(event.at("pid").is_number_integer());
    EXPECT_TRUE(event.at("tid").is_number_integer());
    if (event.at("ph") == "M") {
      ++names;
      continue;
    }
    EXPECT_EQ(event.at("ph"), "X");
    EXPECT_GE(event.at("ts").get<double>(), 0);
    EXPECT_GE(event.at("dur").get<double>(), 0);
  }
  EXPECT_EQ(names, 2);
  EXPECT_EQ(events.at(0).at("args").at("name"), "net.onnx, native");
  EXPECT_EQ(events.at(2).at("name"), "inference 1");
  EXPECT_EQ(events.at(2).at("ts"), 1.0);
  EXPECT_EQ(events.at(2).at("dur"), 10'999.123);
  EXPECT_EQ(events.at(3).at("name"), "block/conv");
  EXPECT_EQ(events.at(3).at("cat"), "Conv+Relu");
  EXPECT_EQ(events.at(3).at("args").at("macs"), 500'000'000);
  EXPECT_EQ(events.at(5).at("args").at("missing"), "its shapes depend on values");
}

TEST(ProfileTrace, TakesAnyName) {
  ProfilePage page = test_profile_page();
  page.profile.steps[0].step.name = "\"\xff\n\\";
  page.profile.steps[1].step.name = "";
  page.title.model = "\xc3(";
  const nlohmann::json trace = nlohmann::json::parse(to_trace(page.title, page.profile));
  EXPECT_EQ(trace.at("traceEvents").at(3).at("name"), "\"\ufffd\n\\");
  EXPECT_EQ(trace.at("traceEvents").at(4).at("name"), "Conv");
}

}  // namespace
}  // namespace lathe::report

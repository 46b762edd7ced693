#include "formats/onnx/names.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace lathe::formats {
namespace {

TEST(Names, KnowUtf8) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(Names, AreShownOnOneLineAndShort) {
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("a\nb\xff"), "a\\x0ab\\xff");
  EXPECT_EQ(printable(std::string(200, 'x')), fmt::format("{:x<80}...", ""));
}

TEST(Names, AreChecked) {
  EXPECT_TRUE(check_name("", "name").ok());
  EXPECT_TRUE(check_name(std::string(kMaxNameBytes, 'x'), "name").ok());
  EXPECT_FALSE(check_name(std::string(kMaxNameBytes + 1, 'x'), "name").ok());
  EXPECT_FALSE(check_name("a\tb", "name").ok());
  EXPECT_FALSE(check_name("\xff", "name").ok());
}

}  // namespace
}  // namespace lathe::formats

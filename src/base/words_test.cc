#include "base/words.h"

#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace lathe {
namespace {

TEST(Words, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-999), "-999");
  EXPECT_EQ(grouped(-123456), "-123,456");
  EXPECT_EQ(grouped(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Words, CountsThings) {
  EXPECT_EQ(counted(0, "file"), "0 files");
  EXPECT_EQ(counted(1, "file"), "1 file");
  EXPECT_EQ(counted(1234, "file"), "1,234 files");
  EXPECT_EQ(counted(1, "class", "classes"), "1 class");
  EXPECT_EQ(counted(2, "class", "classes"), "2 classes");
}

TEST(Words, ListsNames) {
  const std::vector<std::string> names{"a", "b", "c", "d"};
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed(std::span(names).first(1)), "a");
  EXPECT_EQ(listed(std::span(names).first(2)), "a and b");
  EXPECT_EQ(listed(names), "a, b, c and d");
  EXPECT_EQ(listed(names, 3), "a, b, c and d");
  EXPECT_EQ(listed(names, 2), "a, b and 2 more");
}

}  // namespace
}  // namespace lathe

#include "base/system_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SystemFile, ReadsWhatIsThereAndPassesOverWhatIsNot) {
  const Path path = Path(testing::TempDir()) / "system_file_test";
  ASSERT_TRUE(write_file_atomic(path, "  powersave\n").ok());
  EXPECT_EQ(read_system_file(path), "powersave");
  EXPECT_EQ(read_system_file("/nonexistent"), std::nullopt);
  EXPECT_EQ(read_system_file(testing::TempDir()), std::nullopt);
  // A file without a size.
  EXPECT_TRUE(read_system_file("/proc/self/status").value_or("").find("Name:") == 0);
}

TEST(SystemFile, ParsesIntegers) {
  EXPECT_EQ(parse_integer("100000"), 100000);
  EXPECT_EQ(parse_integer("-1"), -1);
  for (const char* wrong : {"", "max", "1 ", " 1", "1K", "99999999999999999999", "0x10"})
    EXPECT_EQ(parse_integer(wrong), std::nullopt) << wrong;
}

TEST(SystemFile, ParsesCpuLists) {
  EXPECT_THAT(parse_cpu_list("0-3,8\n"), ElementsAre(0, 1, 2, 3, 8));
  EXPECT_THAT(parse_cpu_list("7"), ElementsAre(7));
  EXPECT_THAT(parse_cpu_list("x,2,3-,-4,5-y,9-8,,1-2"), ElementsAre(2, 1, 2));
  EXPECT_THAT(parse_cpu_list(""), IsEmpty());
  EXPECT_EQ(parse_cpu_list("65535-9223372036854775807").size(), 1U);
}

TEST(SystemFile, SplitsWords) {
  EXPECT_THAT(split_words(" a\tbc \n d"), ElementsAre("a", "bc", "d"));
  EXPECT_THAT(split_words(" \n"), IsEmpty());
}

}  // namespace
}  // namespace lathe

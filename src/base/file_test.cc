#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe {
namespace {

TEST(File, ReplacesAtomicallyAndLeavesNothingBehind) {
  const Path folder = Path(testing::TempDir()) / "file_test" / "deeper";
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(write_file_atomic(folder / "a.txt", "one").ok());
  ASSERT_TRUE(write_file_atomic(folder / "a.txt", "two").ok());
  EXPECT_EQ(read_file(folder / "a.txt").value(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  ASSERT_TRUE(write_file_atomic(folder / "empty", "").ok());
  EXPECT_EQ(read_file(folder / "empty").value(), "");
}

TEST(File, ErrorsNameThePath) {
  const auto missing = read_file("/nonexistent/x.onnx");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message(), testing::HasSubstr("/nonexistent/x.onnx"));
  EXPECT_THAT(read_file("/").error().message(), testing::HasSubstr("not a regular file"));
  EXPECT_FALSE(write_file_atomic("/proc/none/x", "y").ok());
}

}  // namespace
}  // namespace lathe

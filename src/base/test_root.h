// A folder of a test's own: that stands for "/" in tests of what the system's files say, or that
// holds what a test looks for.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "base/file.h"

namespace lathe {

class TestRoot {
 public:
  TestRoot()
      : path_(Path(testing::TempDir()) /
              (test().test_suite_name() + std::string("_") + test().name())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  TestRoot(const TestRoot&) = delete;
  TestRoot& operator=(const TestRoot&) = delete;
  ~TestRoot() { std::filesystem::remove_all(path_); }

  // `file` as in "proc/meminfo"; makes its folders. Gives the whole path.
  Path write(std::string_view file, std::string_view content = {}) const {
    Path path = path_ / file;
    std::filesystem::create_directories(path.parent_path());
    EXPECT_TRUE(write_file_atomic(path, content).ok()) << file;
    return path;
  }
  [[nodiscard]] const Path& path() const { return path_; }

 private:
  static const testing::TestInfo& test() {
    return *testing::UnitTest::GetInstance()->current_test_info();
  }
  Path path_;
};

}  // namespace lathe

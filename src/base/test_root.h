// A folder that stands for "/" in tests of what the system's files say.
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
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  TestRoot(const TestRoot&) = delete;
  TestRoot& operator=(const TestRoot&) = delete;
  ~TestRoot() { std::filesystem::remove_all(path_); }

  // `file` as in "proc/meminfo".
  void write(std::string_view file, std::string_view content) const {
    EXPECT_TRUE(write_file_atomic(path_ / file, content).ok()) << file;
  }
  [[nodiscard]] const Path& path() const { return path_; }

 private:
  Path path_;
};

}  // namespace lathe

#include "engine/backends/find_library.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::engine {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr LibraryPlace kPlace{"latheprobe", "LATHE_TEST_PROBE", "liblatheprobe.so", "wheel"};

class FindLibraryTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = Path(testing::TempDir()) / fmt::format("find_library_{}", name);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    ::unsetenv(kPlace.environment);
    if (const char* search = std::getenv("LD_LIBRARY_PATH")) search_ = search;
  }
  void TearDown() override {
    ::unsetenv(kPlace.environment);
    ::setenv("LD_LIBRARY_PATH", search_.c_str(), 1);
    std::filesystem::remove_all(folder_);
    std::filesystem::remove_all(beside_);
  }

  // An empty file, its folder made first.
  static Path touch(const Path& file) {
    std::filesystem::create_directories(file.parent_path());
    EXPECT_TRUE(write_file_atomic(file, "").ok());
    return file;
  }

  Path folder_;
  // Where .deps/ stands beside this program.
  Path beside_ =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / ".deps" / kPlace.runtime;
  std::string search_;
};

TEST_F(FindLibraryTest, TakesTheNewestVersion) {
  EXPECT_EQ(best_library_in(folder_, "liba.so"), Path());
  EXPECT_EQ(best_library_in(folder_ / "none", "liba.so"), Path());
  touch(folder_ / "liba.so");
  EXPECT_EQ(best_library_in(folder_, "liba.so"), folder_ / "liba.so");
  for (const char* name : {"liba.so.1.9.0", "liba.so.1.10", "liba.so.1.10.bak", "liba.so_99",
                           "liba.so.2-old", "libab.so.7"}) {
    touch(folder_ / name);
  }
  EXPECT_EQ(best_library_in(folder_, "liba.so"), folder_ / "liba.so.1.10");
  EXPECT_EQ(best_library_in(folder_, "libab.so"), folder_ / "libab.so.7");
}

TEST_F(FindLibraryTest, SaysHowToGetIt) {
  const auto found = find_library(kPlace);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(found.error().message(), AllOf(HasSubstr("liblatheprobe.so is not installed"),
                                             HasSubstr("scripts/setup.sh --with latheprobe"),
                                             HasSubstr("LATHE_TEST_PROBE")));
}

TEST_F(FindLibraryTest, TheEnvironmentNamesAFileOrAFolder) {
  const Path file = touch(folder_ / "other_name.so");
  ::setenv(kPlace.environment, file.c_str(), 1);
  EXPECT_EQ(find_library(kPlace).value(), file);
  ::setenv(kPlace.environment, folder_.c_str(), 1);
  EXPECT_THAT(find_library(kPlace).error().message(), HasSubstr("holds no liblatheprobe.so"));
  const Path in_lib = touch(folder_ / "lib" / "liblatheprobe.so.3");
  EXPECT_EQ(find_library(kPlace).value(), in_lib);
  const Path in_wheel = touch(folder_ / "wheel" / "liblatheprobe.so.2");
  EXPECT_EQ(find_library(kPlace).value(), in_wheel);
  const Path direct = touch(folder_ / "liblatheprobe.so.1");
  EXPECT_EQ(find_library(kPlace).value(), direct);
}

TEST_F(FindLibraryTest, NothingElseIsTriedWhereTheEnvironmentIsSet) {
  touch(beside_ / "liblatheprobe.so");
  ::setenv(kPlace.environment, (folder_ / "none").c_str(), 1);
  EXPECT_THAT(find_library(kPlace).error().message(), HasSubstr("does not exist"));
  ::setenv(kPlace.environment, "", 1);
  EXPECT_EQ(find_library(kPlace).value(), beside_ / "liblatheprobe.so");
}

TEST_F(FindLibraryTest, LooksBesideTheProgramBeforeTheSearchPath) {
  const Path searched = touch(folder_ / "second" / "liblatheprobe.so.1");
  const std::string path =
      fmt::format("{}::{}:", (folder_ / "first").string(), (folder_ / "second").string());
  ::setenv("LD_LIBRARY_PATH", path.c_str(), 1);
  EXPECT_EQ(find_library(kPlace).value(), searched);
  const Path earlier = touch(folder_ / "first" / "liblatheprobe.so");
  EXPECT_EQ(find_library(kPlace).value(), earlier);
  const Path near = touch(beside_ / "liblatheprobe.so");
  EXPECT_EQ(find_library(kPlace).value(), near);
}

}  // namespace
}  // namespace lathe::engine

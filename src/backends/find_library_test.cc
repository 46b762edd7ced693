#include "backends/find_library.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_root.h"

namespace lathe::engine {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr LibraryPlace kPlace{"latheprobe", "LATHE_TEST_PROBE", "liblatheprobe.so", "wheel"};

class FindLibraryTest : public testing::Test {
 protected:
  FindLibraryTest() {
    ::unsetenv(kPlace.environment);
    if (const char* search = std::getenv("LD_LIBRARY_PATH")) search_ = search;
  }
  ~FindLibraryTest() override {
    ::unsetenv(kPlace.environment);
    ::setenv("LD_LIBRARY_PATH", search_.c_str(), 1);
    std::filesystem::remove_all(beside_);
  }

  // An empty library beside this program.
  [[nodiscard]] Path write_beside() const {
    std::filesystem::create_directories(beside_);
    EXPECT_TRUE(write_file_atomic(beside_ / kPlace.file, "").ok());
    return beside_ / kPlace.file;
  }

  TestRoot root_;
  // Where .deps/ stands beside this program.
  const Path beside_ =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / ".deps" / kPlace.runtime;
  std::string search_;
};

TEST_F(FindLibraryTest, TakesTheNewestVersion) {
  const Path& folder = root_.path();
  EXPECT_EQ(best_library_in(folder, "liba.so"), Path());
  EXPECT_EQ(best_library_in(folder / "none", "liba.so"), Path());
  root_.write("liba.so");
  EXPECT_EQ(best_library_in(folder, "liba.so"), folder / "liba.so");
  for (const char* name : {"liba.so.1.9.0", "liba.so.1.10", "liba.so.1.10.bak", "liba.so_99",
                           "liba.so.2-old", "libab.so.7"}) {
    root_.write(name);
  }
  EXPECT_EQ(best_library_in(folder, "liba.so"), folder / "liba.so.1.10");
  EXPECT_EQ(best_library_in(folder, "libab.so"), folder / "libab.so.7");
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
  const Path file = root_.write("other_name.so");
  ::setenv(kPlace.environment, file.c_str(), 1);
  EXPECT_EQ(find_library(kPlace).value(), file);
  ::setenv(kPlace.environment, root_.path().c_str(), 1);
  EXPECT_THAT(find_library(kPlace).error().message(), HasSubstr("holds no liblatheprobe.so"));
  const Path in_lib = root_.write("lib/liblatheprobe.so.3");
  EXPECT_EQ(find_library(kPlace).value(), in_lib);
  const Path in_wheel = root_.write("wheel/liblatheprobe.so.2");
  EXPECT_EQ(find_library(kPlace).value(), in_wheel);
  const Path direct = root_.write("liblatheprobe.so.1");
  EXPECT_EQ(find_library(kPlace).value(), direct);
}

TEST_F(FindLibraryTest, NothingElseIsTriedWhereTheEnvironmentIsSet) {
  const Path near = write_beside();
  ::setenv(kPlace.environment, (root_.path() / "none").c_str(), 1);
  EXPECT_THAT(find_library(kPlace).error().message(), HasSubstr("does not exist"));
  ::setenv(kPlace.environment, "", 1);
  EXPECT_EQ(find_library(kPlace).value(), near);
}

TEST_F(FindLibraryTest, LooksBesideTheProgramBeforeTheSearchPath) {
  const Path searched = root_.write("second/liblatheprobe.so.1");
  const std::string path =
      fmt::format("{}::{}:", (root_.path() / "first").string(), (root_.path() / "second").string());
  ::setenv("LD_LIBRARY_PATH", path.c_str(), 1);
  EXPECT_EQ(find_library(kPlace).value(), searched);
  const Path earlier = root_.write("first/liblatheprobe.so");
  EXPECT_EQ(find_library(kPlace).value(), earlier);
  const Path near = write_beside();
  EXPECT_EQ(find_library(kPlace).value(), near);
}

}  // namespace
}  // namespace lathe::engine

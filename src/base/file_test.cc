#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lathe {
namespace {

Path empty_folder() {
  const Path folder = Path(testing::TempDir()) / "file_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

TEST(File, ReplacesAtomicallyAndLeavesNothingBehind) {
  const Path folder = empty_folder();
  ASSERT_TRUE(write_file_atomic(folder / "a.txt", "one").ok());
  ASSERT_TRUE(write_file_atomic(folder / "a.txt", "two").ok());
  EXPECT_EQ(read_file(folder / "a.txt").value(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  ASSERT_TRUE(write_file_atomic(folder / "empty", "").ok());
  EXPECT_EQ(read_file(folder / "empty").value(), "");
}

TEST(File, ChecksWhetherAFileCanBeWritten) {
  const Path folder = empty_folder();
  EXPECT_TRUE(check_writable(folder / "a.txt").ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  ASSERT_TRUE(write_file_atomic(folder / "a.txt", "one").ok());
  EXPECT_TRUE(check_writable(folder / "a.txt").ok());
  EXPECT_EQ(read_file(folder / "a.txt").value(), "one");

  const auto mistyped = check_writable(folder / "mistyped" / "a.txt");
  ASSERT_FALSE(mistyped.ok());
  EXPECT_THAT(mistyped.error().message(), testing::HasSubstr("there is no folder"));
  EXPECT_FALSE(write_file_atomic(folder / "mistyped" / "a.txt", "one").ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "mistyped"));

  EXPECT_THAT(check_writable(folder).error().message(), testing::HasSubstr("is a folder"));
  EXPECT_FALSE(check_writable("/proc/none/x").ok());
  EXPECT_FALSE(check_writable(folder / "a.txt" / "b").ok());
}

TEST(File, DoesNotWaitForAPipe) {
  const Path pipe = empty_folder() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ::alarm(60);  // rather than wait for ever
  EXPECT_THAT(read_file(pipe).error().message(), testing::HasSubstr("not a regular file"));
  ::alarm(0);
}

TEST(File, ExtensionsHaveSmallLetters) {
  EXPECT_EQ(extension_of("folder.d/Photo.JPeG"), ".jpeg");
  EXPECT_EQ(extension_of("folder.d/photo"), "");
}

TEST(File, WritesThroughLinksAndIntoDevices) {
  const Path folder = empty_folder();
  ASSERT_TRUE(write_file_atomic(folder / "real", "one").ok());
  std::filesystem::create_symlink("real", folder / "link");
  std::filesystem::create_symlink("later", folder / "dangling");
  ASSERT_TRUE(write_file_atomic(folder / "link", "two").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "real").value(), "two");
  ASSERT_TRUE(write_file_atomic(folder / "dangling", "three").ok());
  EXPECT_EQ(read_file(folder / "later").value(), "three");
  std::filesystem::create_symlink("round", folder / "round");
  EXPECT_FALSE(write_file_atomic(folder / "round", "four").ok());

  EXPECT_TRUE(check_writable("/dev/null").ok());
  EXPECT_TRUE(write_file_atomic("/dev/null", "gone").ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(File, HandsOutWhatItReplaced) {
  const Path folder = empty_folder();
  const Path path = folder / "a";
  EXPECT_FALSE(replace_file_atomic(path, "one")->exists());
  const auto old = MappedFile::open(path);
  ASSERT_TRUE(old.ok());
  EXPECT_FALSE(old->is_replaced(path));
  {
    auto replaced = replace_file_atomic(path, "two");
    ASSERT_TRUE(replaced.ok());
    EXPECT_EQ(read_file(path).value(), "two");
    if (!replaced->exists()) GTEST_SKIP() << "this file system cannot exchange two names";
    EXPECT_EQ(replaced->path().parent_path(), folder);
    EXPECT_EQ(read_file(replaced->path()).value(), "one");
    EXPECT_FALSE(old->is_replaced(replaced->path()));
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_TRUE(old->is_replaced(path));
  EXPECT_EQ(old->text(), "one");
  std::filesystem::remove(path);
  EXPECT_FALSE(old->is_replaced(path));
  EXPECT_FALSE(replace_file_atomic(folder, "three").ok());
}

TEST(File, WritesNewFilesOnly) {
  const Path folder = empty_folder();
  {
    auto written = write_new_file(folder / "a", "one");
    ASSERT_TRUE(written.ok() && written->exists());
    EXPECT_EQ(read_file(folder / "a").value(), "one");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));  // nobody kept it
  write_new_file(folder / "a", "one")->keep();
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  std::filesystem::create_directory(folder / "folder");
  for (const char* name : {"a", "dangling", "folder"}) {
    const auto taken = write_new_file(folder / name, "two");
    ASSERT_TRUE(taken.ok()) << name;
    EXPECT_FALSE(taken->exists()) << name;
  }
  EXPECT_EQ(read_file(folder / "a").value(), "one");
  EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
  EXPECT_THAT(write_new_file(folder / "none" / "a", "one").error().message(),
              testing::HasSubstr("there is no folder"));
}

TEST(File, KnowsAFileByAnotherPath) {
  const Path folder = empty_folder();
  ASSERT_TRUE(write_file_atomic(folder / "a", "one").ok());
  std::filesystem::create_symlink("a", folder / "link");
  EXPECT_TRUE(is_same_file(folder / "a", folder / ".." / folder.filename() / "link"));
  EXPECT_FALSE(is_same_file(folder / "a", folder / "b"));
  EXPECT_FALSE(is_same_file(folder / "b", folder / "b"));
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

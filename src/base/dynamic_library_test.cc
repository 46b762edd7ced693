#include "base/dynamic_library.h"

#include <dlfcn.h>
#include <gmock/gmock.h>

#include "base/file.h"

namespace lathe {
namespace {

using testing::HasSubstr;

// A library that every machine has, as a file.
Path math_library() {
  const auto library = DynamicLibrary::open("libm.so.6");
  LATHE_CHECK(library.ok());
  Dl_info info{};
  LATHE_CHECK(dladdr(library->find("cos"), &info) != 0);
  return info.dli_fname;
}

TEST(DynamicLibraryTest, BindsFunctions) {
  const auto library = DynamicLibrary::open("libm.so.6");
  ASSERT_TRUE(library.ok()) << library.error().message();
  double (*cosine)(double) = nullptr;
  ASSERT_TRUE(library->bind(cosine, "cos").ok());
  EXPECT_EQ(cosine(0.0), 1.0);
  const Status missing = library->bind(cosine, "lathe_no_such_function");
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message(), HasSubstr("lathe_no_such_function"));
  EXPECT_THAT(missing.error().message(), HasSubstr("libm.so.6"));
}

TEST(DynamicLibraryTest, AbsentAndForeignFilesAreErrorsThatNameThem) {
  const auto absent = DynamicLibrary::open("liblathe_no_such_library.so");
  ASSERT_FALSE(absent.ok());
  EXPECT_THAT(absent.error().message(), HasSubstr("liblathe_no_such_library.so"));

  const Path text = Path(testing::TempDir()) / "text.so";
  ASSERT_TRUE(write_file_atomic(text,
                                "not an ELF file at all, but long enough for a header, or "
                                "so one would think when reading it")
                  .ok());
  const auto wrong = DynamicLibrary::open(text);
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message(), HasSubstr("is not a shared library"));
  EXPECT_THAT(wrong.error().message(), HasSubstr(text.string()));
}

TEST(DynamicLibraryTest, LibrariesCutShortAreErrors) {
  const auto bytes = read_file(math_library());
  ASSERT_TRUE(bytes.ok()) << bytes.error().message();
  ASSERT_TRUE(check_shared_library(std::as_bytes(std::span(*bytes))).ok());
  for (const std::size_t length : {std::size_t{0}, std::size_t{10}, std::size_t{64},
                                   std::size_t{200}, bytes->size() / 2, bytes->size() - 1}) {
    const Path path = Path(testing::TempDir()) / "short.so";
    ASSERT_TRUE(write_file_atomic(path, bytes->substr(0, length)).ok());
    EXPECT_FALSE(DynamicLibrary::open(path).ok()) << length;
  }
}

TEST(DynamicLibraryTest, LibrariesForOtherMachinesAreErrors) {
  auto bytes = read_file(math_library());
  ASSERT_TRUE(bytes.ok());
  (*bytes)[18] = 0x28;  // e_machine: 32-bit Arm
  const Status status = check_shared_library(std::as_bytes(std::span(*bytes)));
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message(), HasSubstr("another kind of machine"));
}

}  // namespace
}  // namespace lathe

#include "train/load_backend.h"

#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

#include "base/file.h"
#include "train/test_support.h"

namespace lathe::train {
namespace {

// Each case needs a program that has not loaded the module yet, so it runs in a child.
std::string message_with_module(const std::string& path) {
  const Path answer =
      std::filesystem::temp_directory_path() / fmt::format("lathe-load-backend-{}", getpid());
  const std::string command = fmt::format(
      "LATHE_TRAIN_MODULE='{}' LATHE_TEST_ANSWER='{}' '{}' --gtest_also_run_disabled_tests "
      "--gtest_filter=LoadBackendChild.DISABLED_Answers > /dev/null 2>&1",
      path, answer.string(), std::filesystem::read_symlink("/proc/self/exe").string());
  EXPECT_EQ(std::system(command.c_str()), 0);
  const std::string message = read_file(answer).value();
  std::filesystem::remove(answer);
  return message;
}

TEST(LoadBackendChild, DISABLED_Answers) {
  const auto loaded = load_backend();
  const std::string answer =
      loaded.ok()
          ? "loaded"
          : fmt::format("{}{}",
                        loaded.error().code() == ErrorCode::kUnavailable ? "" : "WRONG CODE ",
                        loaded.error().message());
  ASSERT_TRUE(write_file_atomic(std::getenv("LATHE_TEST_ANSWER"), answer).ok());
}

TEST(LoadBackend, SaysHowToGetLibTorchWhereTheModuleIsMissing) {
  const std::string message = message_with_module("/nonexistent/lathe-train.so");
  EXPECT_TRUE(message.starts_with("not built with LibTorch: no /nonexistent/lathe-train.so; "))
      << message;
  EXPECT_NE(message.find("apt install libtorch-dev"), std::string::npos);
  EXPECT_NE(message.find("CMAKE_PREFIX_PATH"), std::string::npos);
}

TEST(LoadBackend, SaysWhyAModuleDoesNotLoad) {
  const Path path =
      std::filesystem::temp_directory_path() / fmt::format("lathe-corrupt-{}.so", getpid());
  ASSERT_TRUE(write_file_atomic(path,
                                "\x7f"
                                "ELF, or so it says")
                  .ok());
  const std::string message = message_with_module(path.string());
  std::filesystem::remove(path);
  EXPECT_TRUE(message.starts_with("not built with LibTorch: " + path.string())) << message;
}

TEST(LoadBackend, RefusesALibraryThatIsNoTrainingModule) {
  Dl_info c_library{};
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&getpid), &c_library), 0);
  const std::string message = message_with_module(c_library.dli_fname);
  EXPECT_TRUE(message.starts_with(
      fmt::format("not built with LibTorch: {} is not a training module", c_library.dli_fname)))
      << message;
}

TEST(LoadBackend, DescribesItself) {
  LATHE_NEED_BACKEND();
  Backend* backend = load_backend().value();
  EXPECT_EQ(load_backend().value(), backend);
  EXPECT_TRUE(backend->description().starts_with("LibTorch " + backend->version()));
  EXPECT_EQ(backend->resolve_device("cpu").value(), "cpu");
}

}  // namespace
}  // namespace lathe::train

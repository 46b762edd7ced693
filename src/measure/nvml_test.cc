#include "measure/nvml.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/dynamic_library.h"

namespace lathe::measure {
namespace {

using testing::HasSubstr;

class NvmlTest : public testing::Test {
 protected:
  NvmlTest() { setenv("LATHE_NVML", LATHE_FAKE_NVML, 1); }
  ~NvmlTest() override {
    unsetenv("LATHE_NVML");
    unsetenv("FAKE_NVML");
  }
};

TEST_F(NvmlTest, ListsGpusAndLeavesOpenWhatIsNotTold) {
  setenv("FAKE_NVML", "2", 1);
  const auto found = nvidia_gpus();
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_EQ(found->driver_version, "550.54.15");
  ASSERT_EQ(found->gpus.size(), 2U);
  EXPECT_EQ(found->gpus[0].name, "NVIDIA Fake 100");
  EXPECT_EQ(found->gpus[0].memory_bytes, std::int64_t{16} << 30);
  EXPECT_EQ(found->gpus[0].memory_free_bytes, std::int64_t{15} << 30);
  EXPECT_EQ(found->gpus[0].compute_capability, "9.0");
  EXPECT_EQ(found->gpus[1].name, std::string(127, 'x'));
  EXPECT_EQ(found->gpus[1].memory_bytes, std::nullopt);
  EXPECT_EQ(found->gpus[1].compute_capability, "");
}

TEST_F(NvmlTest, CountsThatCannotBeTrustedAreBounded) {
  setenv("FAKE_NVML", "-1", 1);
  EXPECT_EQ(nvidia_gpus().value().gpus.size(), 256U);
  setenv("FAKE_NVML", "0", 1);
  EXPECT_TRUE(nvidia_gpus().value().gpus.empty());
}

TEST_F(NvmlTest, FailuresAreReasonsAndTheLibraryIsShutDown) {
  setenv("FAKE_NVML", "no-driver", 1);
  EXPECT_THAT(nvidia_gpus().error().message(), HasSubstr("Driver Not Loaded (status 9)"));
  setenv("FAKE_NVML", "lost", 1);
  EXPECT_THAT(nvidia_gpus().error().message(),
              HasSubstr("GPU 0 cannot be asked: GPU is lost (status 15)"));
  int (*initialised)() = nullptr;
  const auto library = DynamicLibrary::open(LATHE_FAKE_NVML);
  ASSERT_TRUE(library.ok() && library->bind(initialised, "fake_nvml_initialised").ok());
  EXPECT_EQ(initialised(), 0);
}

TEST_F(NvmlTest, OtherLibrariesAreRefused) {
  setenv("LATHE_NVML", "/nonexistent/libnvidia-ml.so", 1);
  EXPECT_THAT(nvidia_gpus().error().message(),
              HasSubstr("LATHE_NVML: /nonexistent/libnvidia-ml.so"));
  setenv("LATHE_NVML", "libm.so.6", 1);
  EXPECT_THAT(nvidia_gpus().error().message(), HasSubstr("nvmlInit_v2"));
}

}  // namespace
}  // namespace lathe::measure

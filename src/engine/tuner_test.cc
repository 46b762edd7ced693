#include "engine/tuner.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TunerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
    folder_ = Path(testing::TempDir()) /
              fmt::format("tuner_test_{}", testing::UnitTest::GetInstance()->random_seed());
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::vector<Path> files() const {
    std::vector<Path> found;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, failed))
      if (entry.path().extension() == ".json") found.push_back(entry.path());
    return found;
  }

  Path folder_;
};

// What several kernels take.
kernels::Problem square_convolution(std::int64_t channels) {
  return kernels::ConvolutionF32Problem{{.in_h = 8,
                                         .in_w = 8,
                                         .in_c = channels,
                                         .out_h = 8,
                                         .out_w = 8,
                                         .out_c = 32,
                                         .kernel_h = 3,
                                         .kernel_w = 3,
                                         .pad_top = 1,
                                         .pad_left = 1}};
}

TEST_F(TunerTest, MeasuresOnceAndRemembers) {
  const Isa isa = *select_isa();
  Tuner first(isa, 1, folder_);
  const KernelId best = first.best(square_convolution(32));
  EXPECT_TRUE(kernels::kernel_of(best).fits(square_convolution(32)));
  EXPECT_EQ(first.best(square_convolution(32)), best);
  Tuner second(isa, 1, folder_);
  EXPECT_EQ(second.best(square_convolution(32)), best);
  // Without vectors there is one kernel, and nothing to measure.
  if (isa == Isa::kScalar) return;
  EXPECT_THAT(files(), SizeIs(1));
  EXPECT_THAT(first.summary(), HasSubstr("1 problem measured, 1 known"));
  EXPECT_THAT(second.summary(), HasSubstr("0 problems measured, 1 known"));
  // Another number of threads is another question.
  Tuner other(isa, 2, folder_);
  (void)other.best(square_convolution(32));
  EXPECT_THAT(other.summary(), HasSubstr("1 problem measured, 0 known"));
}

TEST_F(TunerTest, KnowsNothingOfDamagedFilesAndOtherMachines) {
  TuningCache cache(folder_);
  EXPECT_TRUE(cache.add("a", "kernel").ok());
  ASSERT_THAT(files(), SizeIs(1));
  const Path file = files().front();
  EXPECT_EQ(TuningCache(folder_).find("a"), "kernel");
  const std::string good = *read_file(file);
  for (const std::string& bad :
       {std::string(), std::string("{"), good.substr(0, good.size() / 2), std::string("[1]"),
        std::string(R"({"machine": 3, "kernels": {"a": "kernel"}})"),
        std::string(R"({"machine": "another", "kernels": {"a": "kernel"}})")}) {
    ASSERT_TRUE(write_file_atomic(file, bad).ok());
    EXPECT_EQ(TuningCache(folder_).find("a"), std::nullopt) << bad;
  }
  EXPECT_TRUE(TuningCache(folder_).add("b", "kernel").ok());
  EXPECT_EQ(TuningCache(folder_).find("b"), "kernel");
}

TEST_F(TunerTest, IgnoresKernelsThatDoNotFit) {
  const Isa isa = *select_isa();
  Tuner first(isa, 1, folder_);
  const KernelId best = first.best(square_convolution(32));
  if (files().empty()) return;
  std::string text = *read_file(files().front());
  const std::string name(kernels::kernel_of(best).name);
  for (std::size_t at; (at = text.rfind("\"" + name + "\"")) != std::string::npos;)
    text.replace(at, name.size() + 2, "\"permute\"");
  ASSERT_TRUE(write_file_atomic(files().front(), text).ok());
  Tuner second(isa, 1, folder_);
  EXPECT_TRUE(kernels::kernel_of(second.best(square_convolution(32))).fits(square_convolution(32)));
  EXPECT_THAT(second.summary(), HasSubstr("1 problem measured"));
}

TEST_F(TunerTest, SeveralWritersLoseNothing) {
  constexpr int kWriters = 4;
  constexpr int kEntries = 20;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      TuningCache cache(folder_);
      for (int i = 0; i < kEntries; ++i)
        EXPECT_TRUE(cache.add(fmt::format("{} {}", writer, i), "kernel").ok());
    });
  }
  for (std::thread& writer : writers) writer.join();
  const TuningCache cache(folder_);
  for (int writer = 0; writer < kWriters; ++writer)
    for (int i = 0; i < kEntries; ++i)
      EXPECT_EQ(cache.find(fmt::format("{} {}", writer, i)), "kernel");
}

TEST_F(TunerTest, WithoutAFolderNothingIsKept) {
  Tuner tuner(*select_isa(), 1, std::nullopt);
  (void)tuner.best(square_convolution(48));
  if (*select_isa() == Isa::kScalar) return;
  EXPECT_THAT(tuner.summary(), HasSubstr("not remembered"));
}

TEST_F(TunerTest, TunedModelsAnswerAlike) {
  const char* before = std::getenv("XDG_CACHE_HOME");
  const std::string saved = before == nullptr ? "" : before;
  setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
  const ir::Graph graph = test_network("resnet8");
  const auto expected = compile(native_backend(), graph, {.threads = 1});
  const auto tuned = compile(native_backend(), graph, {.threads = 1, .tune = true});
  before == nullptr ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", saved.c_str(), 1);
  ASSERT_NE(tuned, nullptr);
  EXPECT_THAT(tuned->notes(), testing::Contains(HasSubstr("tuned: ")));
  const ir::Tensor input = random_input({1, 3, 32, 32}, 1);
  EXPECT_LT(largest_relative_difference(run(*expected, std::array{input})[0],
                                        run(*tuned, std::array{input})[0]),
            1e-5);
}

}  // namespace
}  // namespace lathe::engine

#include "train/checkpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace lathe::train {
namespace {

Path scratch_file() {
  return std::filesystem::temp_directory_path() /
         fmt::format("lathe-checkpoint-{}-{}", getpid(),
                     testing::UnitTest::GetInstance()->current_test_info()->name());
}

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.run = {{"epochs", 3}, {"schedule", "cosine"}};
  checkpoint.history = {{.epoch = 1, .train_loss = 0.1}, {.epoch = 2, .train_loss = 0.05}};
  checkpoint.state["weights"] = ir::Tensor::from_values<float>({2, 2}, {1, -2, 3, 0.1F});
  checkpoint.state["optimizer.steps"] = ir::Tensor::scalar<std::int64_t>(7);
  checkpoint.best_weights["conv1.weight"] = ir::Tensor::from_values<float>({1}, {4});
  return checkpoint;
}

TEST(Checkpoint, ReadsBackWhatWasWritten) {
  const Path path = scratch_file();
  ASSERT_TRUE(write_checkpoint(path, example()).ok());
  const auto back = read_checkpoint(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(back->run, example().run);
  ASSERT_EQ(back->history.size(), 2U);
  EXPECT_EQ(back->history[1].train_loss, 0.05);
  ASSERT_EQ(back->state.size(), 2U);
  EXPECT_TRUE(back->state.at("weights").identical(example().state.at("weights")));
  EXPECT_TRUE(back->state.at("optimizer.steps").identical(ir::Tensor::scalar<std::int64_t>(7)));
  EXPECT_TRUE(
      back->best_weights.at("conv1.weight").identical(example().best_weights.at("conv1.weight")));
}

TEST(Checkpoint, TakesNamesThatAreNoUtf8) {
  const Path path = scratch_file();
  Checkpoint checkpoint = example();
  checkpoint.run["training data"] = "images:caf\xe9";
  ASSERT_TRUE(write_checkpoint(path, checkpoint).ok());
  const auto back = read_checkpoint(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(back->run["training data"], "images:caf\xef\xbf\xbd");
}

TEST(Checkpoint, RefusesWhatIsCutShortOrChanged) {
  const Path path = scratch_file();
  ASSERT_TRUE(write_checkpoint(path, example()).ok());
  const std::string bytes = read_file(path).value();
  const auto read = [&](const std::string& content) {
    EXPECT_TRUE(write_file_atomic(path, content).ok());
    return read_checkpoint(path);
  };
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    const auto result = read(bytes.substr(0, size));
    ASSERT_FALSE(result.ok()) << size;
    EXPECT_EQ(result.error().message().find(path.string()), 0U);
  }
  for (std::size_t at = 0; at < bytes.size(); at += 5) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    EXPECT_FALSE(read(changed).ok()) << at;
  }
  std::filesystem::remove(path);
  EXPECT_EQ(read_checkpoint(path).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lathe::train

// A run that is killed and resumed ends with the same bits as one that was not.
#include <csignal>
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

#include "train/checkpoint.h"
#include "train/test_support.h"
#include "train/train.h"

namespace lathe::train {
namespace {

TrainOptions resume_options(const Path& checkpoint) {
  TrainOptions options;
  options.epochs = 4;
  options.batch_size = 16;
  options.accumulate = 2;
  options.threads = 2;
  options.seed = 9;
  options.augmentation.random_crop_padding = 1;
  options.checkpoint = checkpoint;
  options.resume = true;
  options.precision = Precision::kFloat32;
  options.memory_format = MemoryFormat::kChannelsLast;
  return options;
}

Result<TrainResult> run(const TrainOptions& options, TrainObserver* observer = nullptr) {
  const data::Preprocess preprocess = gray_preprocess();
  return train(small_cnn(1), quarter_images(112, 1), quarter_images(32, 2), &preprocess, options,
               observer);
}

// Kills its own process in the middle of an epoch.
struct KillAt : TrainObserver {
  std::int64_t epoch = 0;
  std::int64_t batch = 0;
  void on_batch(const BatchProgress& progress) override {
    if (progress.epoch == epoch && progress.batch == batch) kill(getpid(), SIGKILL);
  }
};

Path scratch_file() {
  const Path path = std::filesystem::temp_directory_path() /
                    fmt::format("lathe-resume-{}-{}", getpid(),
                                testing::UnitTest::GetInstance()->current_test_info()->name());
  std::filesystem::remove(path);
  return path;
}

TEST(ResumeChild, DISABLED_Trains) {
  KillAt observer;
  observer.epoch = std::atoi(std::getenv("LATHE_TEST_EPOCH"));
  observer.batch = std::atoi(std::getenv("LATHE_TEST_BATCH"));
  const auto result = run(resume_options(std::getenv("LATHE_TEST_CHECKPOINT")), &observer);
  FAIL() << "was not killed: " << (result.ok() ? "done" : result.error().message());
}

// A child of its own, since a fork of a process that runs OpenMP threads cannot use them.
void train_until_killed(const Path& checkpoint, int epoch, int batch) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string checkpoint_text = checkpoint.string();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    setenv("LATHE_TEST_CHECKPOINT", checkpoint_text.c_str(), 1);
    setenv("LATHE_TEST_EPOCH", std::to_string(epoch).c_str(), 1);
    setenv("LATHE_TEST_BATCH", std::to_string(batch).c_str(), 1);
    execl(program.c_str(), program.c_str(), "--gtest_also_run_disabled_tests",
          "--gtest_filter=ResumeChild.DISABLED_Trains", nullptr);
    _exit(127);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(Resume, AKilledRunEndsWithTheSameBits) {
  LATHE_NEED_BACKEND();
  const Path path = scratch_file();
  train_until_killed(path, 1, 3);  // before there is a checkpoint
  EXPECT_FALSE(std::filesystem::exists(path));
  train_until_killed(path, 2, 5);
  EXPECT_EQ(read_checkpoint(path)->history.size(), 1U);
  train_until_killed(path, 4, 1);
  EXPECT_EQ(read_checkpoint(path)->history.size(), 3U);
  const auto resumed = run(resume_options(path));
  std::filesystem::remove(path);
  ASSERT_TRUE(resumed.ok()) << resumed.error().message();

  TrainOptions options = resume_options(Path());
  options.resume = false;
  const auto unbroken = run(options);
  ASSERT_TRUE(unbroken.ok()) << unbroken.error().message();
  EXPECT_EQ(resumed->history.size(), 4U);
  EXPECT_EQ(resumed->best_epoch, unbroken->best_epoch);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(resumed->history[i].train_loss, unbroken->history[i].train_loss) << i;
    EXPECT_EQ(resumed->history[i].validation_loss, unbroken->history[i].validation_loss) << i;
  }
  for (std::size_t i = 0; i < unbroken->graph.value_count(); ++i) {
    const auto id = static_cast<ir::ValueId>(i);
    if (unbroken->graph.constant(id) == nullptr) continue;
    EXPECT_TRUE(resumed->graph.constant(id)->identical(*unbroken->graph.constant(id)))
        << unbroken->graph.value(id).name;
  }
}

TEST(Resume, AFinishedRunIsNotTrainedAgain) {
  LATHE_NEED_BACKEND();
  const Path path = scratch_file();
  const auto first = run(resume_options(path));
  ASSERT_TRUE(first.ok()) << first.error().message();
  struct CountBatches : TrainObserver {
    int batches = 0;
    void on_batch(const BatchProgress&) override { ++batches; }
  } observer;
  const auto again = run(resume_options(path), &observer);
  std::filesystem::remove(path);
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(observer.batches, 0);
  EXPECT_EQ(again->best_epoch, first->best_epoch);
  EXPECT_EQ(again->history.size(), 4U);
}

TEST(Resume, TakesOverWhatWasChosenThen) {
  LATHE_NEED_BACKEND();
  const Path path = scratch_file();
  TrainOptions options = resume_options(path);
  ASSERT_TRUE(run(options).ok());
  options.precision = Precision::kAuto;
  options.memory_format = MemoryFormat::kAuto;
  options.threads = 0;
  const auto again = run(options);
  std::filesystem::remove(path);
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(again->precision, "float32");
  EXPECT_EQ(again->memory_format, "channels-last");
  EXPECT_EQ(again->threads, 2);
}

TEST(Resume, RefusesOtherOptionsByName) {
  LATHE_NEED_BACKEND();
  const Path path = scratch_file();
  ASSERT_TRUE(run(resume_options(path)).ok());
  const auto message = [&](auto change) {
    TrainOptions options = resume_options(path);
    change(options);
    const auto result = run(options);
    return result.ok() ? std::string("accepted") : result.error().message();
  };
  const std::string where = path.string() + " was made by another run: ";
  EXPECT_EQ(message([](TrainOptions& o) { o.batch_size = 8; }), where + "--batch was 16, is 8");
  EXPECT_EQ(message([](TrainOptions& o) { o.augmentation.horizontal_flip = true; }),
            where + "--augment flip was false, is true");
  EXPECT_EQ(message([](TrainOptions& o) { o.threads = 1; }), where + "--threads was 2, is 1");
  EXPECT_EQ(message([](TrainOptions& o) { o.precision = Precision::kBFloat16; }),
            where + "--precision was \"float32\", is \"bfloat16\"");
  ASSERT_TRUE(write_file_atomic(path, "nonsense").ok());
  EXPECT_EQ(message([](TrainOptions&) {}), path.string() + ": no checkpoint of this version");
  std::filesystem::remove(path);
}

struct Notes : TrainObserver {
  std::vector<std::string> notes;
  void on_note(const std::string& note) override { notes.push_back(note); }
};

TEST(Resume, ARunIsLengthened) {
  LATHE_NEED_BACKEND();
  for (const Schedule schedule : {Schedule::kStep, Schedule::kOneCycle}) {
    const Path path = scratch_file();
    TrainOptions options = resume_options(path);
    options.schedule = schedule;
    options.epochs = 1;
    ASSERT_TRUE(run(options).ok());
    options.epochs = 2;
    Notes observer;
    const auto longer = run(options, &observer);
    ASSERT_TRUE(longer.ok()) << longer.error().message();
    EXPECT_EQ(longer->history.size(), 2U);
    ASSERT_EQ(observer.notes.size(), schedule == Schedule::kStep ? 1U : 2U);
    EXPECT_EQ(observer.notes[0], path.string() + ": going on after epoch 1");
    if (schedule == Schedule::kOneCycle) {
      EXPECT_TRUE(observer.notes[1].starts_with("--epochs was 1, is 2: ")) << observer.notes[1];
    }
    EXPECT_EQ(summarize_checkpoint(path)->epochs_done, 2);
    EXPECT_EQ(summarize_checkpoint(path)->epochs, 2);
    std::filesystem::remove(path);
  }
}

// A schedule that does not depend on the length: as if the run had been that long from the start.
TEST(Resume, ALengthenedRunEndsWithTheSameBits) {
  LATHE_NEED_BACKEND();
  const Path path = scratch_file();
  TrainOptions options = resume_options(path);
  options.schedule = Schedule::kConstant;
  options.epochs = 1;
  ASSERT_TRUE(run(options).ok());
  options.epochs = 3;
  const auto longer = run(options);
  std::filesystem::remove(path);
  const auto unbroken = run(options);
  std::filesystem::remove(path);
  ASSERT_TRUE(longer.ok() && unbroken.ok());
  EXPECT_EQ(longer->graph.metadata, unbroken->graph.metadata);
  EXPECT_EQ(longer->history[2].train_loss, unbroken->history[2].train_loss);
}

TEST(Resume, FewerEpochsTakeTheBestSoFar) {
  LATHE_NEED_BACKEND();
  const Path path = scratch_file();
  TrainOptions options = resume_options(path);
  const auto whole = run(options);
  ASSERT_TRUE(whole.ok());
  options.epochs = 2;
  Notes observer;
  const auto fewer = run(options, &observer);
  std::filesystem::remove(path);
  ASSERT_TRUE(fewer.ok()) << fewer.error().message();
  EXPECT_EQ(fewer->history.size(), 4U);
  EXPECT_EQ(fewer->best_epoch, whole->best_epoch);
  ASSERT_EQ(observer.notes.size(), 1U);
  EXPECT_EQ(observer.notes[0], path.string() + ": epoch 4 is done, the best one so far is taken");
}

}  // namespace
}  // namespace lathe::train

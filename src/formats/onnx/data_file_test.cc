#include "formats/onnx/data_file.h"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "formats/onnx/read_onnx.h"
#include "formats/onnx/write_onnx.h"

namespace lathe::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kElements = 4096;
constexpr std::int64_t kWeightBytes = kElements * 4;

// y = x + w, all of whose elements are `version`, which stands in the metadata too.
ir::Graph versioned(int version) {
  ir::Graph graph;
  const ir::ValueId x =
      graph.add_input("x", ir::TensorType{ir::DataType::kFloat32, ir::Shape{ir::Dim(kElements)}});
  const std::vector<std::int64_t> dims{kElements};
  const std::vector<float> values(kElements, static_cast<float>(version));
  const ir::ValueId w = graph.add_constant("w", ir::Tensor::from_values<float>(dims, values));
  graph.set_outputs({graph.add("Add", std::vector<ir::ValueId>{x, w})});
  graph.metadata["version"] = std::to_string(version);
  return graph;
}

// The version of model and data, or what is wrong with them.
std::string version_of(const Path& path) {
  const auto graph = read_onnx(path);
  if (!graph.ok()) return graph.error().message();
  const ir::Tensor* w = graph->constant(graph->find_value("w").value());
  if (w == nullptr) return "no weights";
  const std::string version = graph->metadata.at("version");
  for (const float value : w->data<float>()) {
    if (value != std::stof(version)) return fmt::format("model {} with data {}", version, value);
  }
  return version;
}

class DataFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lathe_data_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ / "m.onnx";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      names.insert(entry.path().filename().string());
    return names;
  }

  void save(int version) { save(version, path_); }
  static void save(int version, const Path& path) {
    const Status saved = write_onnx(versioned(version), path, {.external_data = true});
    ASSERT_TRUE(saved.ok()) << saved.error().message();
  }

  Path folder_;
  Path path_;
};

// Lets no file grow beyond this many bytes.
void limit_files(rlim_t bytes) {
  struct rlimit limit {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
}

// Its data can be written under such a limit, the model cannot.
constexpr rlim_t kBetweenDataAndModel = 2 * kWeightBytes;
ir::Graph with_a_large_model(int version) {
  ir::Graph graph = versioned(version);
  graph.metadata["note"] = std::string(4 * kWeightBytes, 'x');
  return graph;
}

TEST_F(DataFileTest, SavesAlternateBetweenTwoNames) {
  save(1);
  EXPECT_THAT(files(), ElementsAre("m.onnx", "m.onnx.data"));
  save(2);
  EXPECT_THAT(files(), ElementsAre("m.onnx", "m.onnx.1.data"));
  EXPECT_EQ(version_of(path_), "2");
  EXPECT_GT(size_of_model(path_), kWeightBytes);
  save(3);
  EXPECT_THAT(files(), ElementsAre("m.onnx", "m.onnx.data"));
  EXPECT_EQ(version_of(path_), "3");
}

TEST_F(DataFileTest, AModelWithoutDataLeavesNoneBehind) {
  save(1);
  ASSERT_TRUE(write_onnx(versioned(2), path_).ok());
  EXPECT_THAT(files(), ElementsAre("m.onnx"));
  EXPECT_EQ(version_of(path_), "2");
}

TEST_F(DataFileTest, ACrashBetweenDataAndModelLeavesTheOldPair) {
  save(1);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const struct rlimit no_core {};
    ::setrlimit(RLIMIT_CORE, &no_core);
    limit_files(kBetweenDataAndModel);
    ::signal(SIGXFSZ, SIG_DFL);
    const bool saved = write_onnx(with_a_large_model(2), path_, {.external_data = true}).ok();
    ::_exit(saved ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(WTERMSIG(status), SIGXFSZ);
  EXPECT_EQ(version_of(path_), "1");
  EXPECT_TRUE(files().contains("m.onnx.1.data"));  // nobody's now

  save(3);
  EXPECT_EQ(version_of(path_), "3");
  EXPECT_TRUE(files().contains("m.onnx.2.data"));
  EXPECT_FALSE(files().contains("m.onnx.data"));
}

TEST_F(DataFileTest, ASaveThatFailsLeavesTheOldPairAndNothingElse) {
  save(1);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  limit_files(kBetweenDataAndModel);
  const Status saved = write_onnx(with_a_large_model(2), path_, {.external_data = true});
  limit_files(RLIM_INFINITY);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(saved.ok());
  EXPECT_THAT(saved.error().message(), HasSubstr("m.onnx: cannot write"));
  EXPECT_THAT(files(), ElementsAre("m.onnx", "m.onnx.data"));
  EXPECT_EQ(version_of(path_), "1");
}

TEST_F(DataFileTest, AModelThatIsAFolderLeavesNoData) {
  std::filesystem::create_directory(path_);
  const Status saved = write_onnx(versioned(1), path_, {.external_data = true});
  ASSERT_FALSE(saved.ok());
  EXPECT_THAT(saved.error().message(), HasSubstr("is a folder"));
  EXPECT_THAT(files(), ElementsAre("m.onnx"));
  const Status nowhere =
      write_onnx(versioned(1), folder_ / "none" / "m.onnx", {.external_data = true});
  ASSERT_FALSE(nowhere.ok());
  EXPECT_THAT(nowhere.error().message(), HasSubstr("there is no folder"));
}

TEST_F(DataFileTest, TakesNoNameThatTheOldModelHasEvenWithoutTheFile) {
  save(1);
  std::filesystem::remove(folder_ / "m.onnx.data");
  const auto data = write_data_file(path_, "new");
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->path().filename(), "m.onnx.1.data");
}

TEST_F(DataFileTest, LeavesLinksAndWhatTheyLeadToAlone) {
  ASSERT_TRUE(write_file_atomic(folder_ / "precious", "bytes").ok());
  std::filesystem::create_symlink("precious", folder_ / "m.onnx.data");
  std::filesystem::create_symlink("nowhere", folder_ / "m.onnx.1.data");
  save(1);
  EXPECT_EQ(version_of(path_), "1");
  EXPECT_EQ(read_file(folder_ / "precious").value(), "bytes");
  EXPECT_THAT(files(),
              ElementsAre("m.onnx", "m.onnx.1.data", "m.onnx.2.data", "m.onnx.data", "precious"));

  // One that the model names is a link that somebody made of the file.
  std::filesystem::rename(folder_ / "m.onnx.2.data", folder_ / "elsewhere");
  std::filesystem::create_symlink("elsewhere", folder_ / "m.onnx.2.data");
  EXPECT_EQ(version_of(path_), "1");
  save(2);
  EXPECT_EQ(version_of(path_), "2");
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "m.onnx.2.data"));
  EXPECT_TRUE(files().contains("elsewhere"));
}

TEST_F(DataFileTest, KeepsWhatAnotherModelNames) {
  save(1);
  std::filesystem::copy_file(path_, folder_ / "backup");
  save(2);
  std::filesystem::create_hard_link(path_, folder_ / "second.onnx");
  save(3);
  EXPECT_EQ(version_of(path_), "3");
  EXPECT_EQ(version_of(folder_ / "second.onnx"), "2");
  EXPECT_EQ(version_of(folder_ / "backup"), "1");
  // Nor does a model that was moved away lose its data to the next one of the name.
  std::filesystem::rename(path_, folder_ / "third.onnx");
  save(4);
  save(5);
  EXPECT_EQ(version_of(path_), "5");
  EXPECT_EQ(version_of(folder_ / "third.onnx"), "3");
}

TEST_F(DataFileTest, DataOfALongerNameAreOthers) {
  save(1, folder_ / "large_m.onnx");
  save(1);
  save(2);
  EXPECT_THAT(files(), ElementsAre("large_m.onnx", "large_m.onnx.data", "m.onnx", "m.onnx.1.data"));
}

TEST_F(DataFileTest, RemovesOnlyWhatTheReplacedModelNamed) {
  for (const char* name : {"m.onnx.3.data", "m.onnx.01.data", "m.onnx.old.data", "other.data"})
    ASSERT_TRUE(write_file_atomic(folder_ / name, "bytes").ok());
  const std::set<std::string> before = files();
  save(1);
  save(2);
  std::set<std::string> after = files();
  EXPECT_EQ(after.erase("m.onnx") + after.erase("m.onnx.1.data"), 2U);
  EXPECT_EQ(after, before);
}

TEST_F(DataFileTest, KeepsTheDataOfModelsThatOthersWrote) {
  save(1);
  std::string model = read_file(path_).value();
  const auto producer = model.find("lathe");
  ASSERT_NE(producer, std::string::npos);
  model.replace(producer, 5, "torch");
  ASSERT_TRUE(write_file_atomic(path_, model).ok());
  save(2);
  EXPECT_THAT(files(), ElementsAre("m.onnx", "m.onnx.1.data", "m.onnx.data"));
  EXPECT_EQ(version_of(path_), "2");
}

TEST_F(DataFileTest, RefusesDevicesAndPipes) {
  const Status saved = write_onnx(versioned(1), "/dev/null", {.external_data = true});
  ASSERT_FALSE(saved.ok());
  EXPECT_THAT(saved.error().message(), HasSubstr("/dev/null: external data lie beside a model"));
}

TEST_F(DataFileTest, ReplacesADamagedModel) {
  ASSERT_TRUE(write_file_atomic(path_, "\x08nonsense").ok());
  ASSERT_TRUE(write_file_atomic(folder_ / "m.onnx.data", "bytes").ok());
  save(1);
  EXPECT_EQ(version_of(path_), "1");
  EXPECT_EQ(read_file(folder_ / "m.onnx.data").value(), "bytes");
}

TEST_F(DataFileTest, SavesThroughALinkBesideTheLink) {
  std::filesystem::create_directory(folder_ / "deep");
  std::filesystem::create_symlink("deep/real.onnx", path_);
  save(1);
  save(2);
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(version_of(path_), "2");
  EXPECT_THAT(files(), ElementsAre("deep", "m.onnx", "m.onnx.1.data"));
}

TEST_F(DataFileTest, SeveralSaveAndReadAtOnce) {
  constexpr int kSaves = 30;
  save(0);
  const auto keep_saving = [this](int first) {
    for (int i = 0; i < kSaves; ++i) save(first + i);
  };
  std::thread one(keep_saving, 100);
  std::thread other(keep_saving, 200);
  std::set<std::string> wrong;
  for (int i = 0; i < 10 * kSaves; ++i) {
    const std::string version = version_of(path_);
    // Only being overtaken again and again may be an error.
    if (version.size() > 3 && version.find("was replaced") == std::string::npos)
      wrong.insert(version);
  }
  one.join();
  other.join();
  EXPECT_THAT(wrong, ElementsAre());
  EXPECT_THAT(version_of(path_), testing::AnyOf("129", "229"));
  EXPECT_THAT(files(), testing::SizeIs(2));
}

}  // namespace
}  // namespace lathe::formats

#include "formats/model_file.h"

#include <gtest/gtest.h>

namespace lathe::formats {
namespace {

class ModelFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lathe_model_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static ir::Graph relu() {
    ir::Graph graph;
    const ir::ValueId x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{2}});
    graph.set_outputs({graph.add("Relu", std::array{x}, {}, "y")});
    return graph;
  }

  Path folder_;
};

TEST_F(ModelFileTest, SavesAndLoadsOnnx) {
  const Path path = folder_ / "m.ONNX";
  ASSERT_TRUE(save_model(relu(), path).ok());
  const auto graph = load_model(path);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph->node_count(), 1U);
}

TEST_F(ModelFileTest, TellsFormatsApartByContent) {
  ASSERT_TRUE(save_model(relu(), folder_ / "m.onnx").ok());
  std::filesystem::rename(folder_ / "m.onnx", folder_ / "m.bin");
  EXPECT_TRUE(load_model(folder_ / "m.bin").ok());
  ASSERT_TRUE(write_file_atomic(folder_ / "t.bin", std::string("\x1c\0\0\0TFL3", 8)).ok());
  EXPECT_EQ(detect_format(folder_ / "t.bin").value(), ModelFormat::kTflite);
}

TEST_F(ModelFileTest, NamesWhatItCannotDo) {
  const Path text = folder_ / "notes.txt";
  ASSERT_TRUE(write_file_atomic(text, "hello").ok());
  EXPECT_EQ(
      load_model(text).error().message(),
      text.string() + ": neither name nor content is that of a model; .onnx files can be read");
  const Path tflite = folder_ / "m.tflite";
  ASSERT_TRUE(write_file_atomic(tflite, std::string("\x1c\0\0\0TFL3", 8)).ok());
  EXPECT_EQ(load_model(tflite).error().message(),
            tflite.string() + ": TFLite models cannot be read yet, .onnx files can");
  EXPECT_EQ(
      save_model(relu(), folder_ / "m.txt").error().message(),
      (folder_ / "m.txt").string() + ": models are written as .onnx, expected a name that ends so");
}

TEST_F(ModelFileTest, SuggestsFilesOfNearlyThatName) {
  ASSERT_TRUE(save_model(relu(), folder_ / "detector.onnx").ok());
  const auto mistyped = load_model(folder_ / "detectr.onnx");
  ASSERT_FALSE(mistyped.ok());
  EXPECT_EQ(mistyped.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(mistyped.error().message(), (folder_ / "detectr.onnx").string() +
                                            ": there is no such file; did you mean '" +
                                            (folder_ / "detector.onnx").string() + "'?");
  EXPECT_EQ(load_model(folder_ / "other" / "x.onnx").error().message(),
            (folder_ / "other" / "x.onnx").string() + ": there is no such file");
  EXPECT_EQ(load_model(folder_ / "none.onnx").error().code(), ErrorCode::kNotFound);
}

TEST_F(ModelFileTest, WritesThroughLinksAndIntoStreams) {
  std::filesystem::create_symlink("real.onnx", folder_ / "link.onnx");
  ASSERT_TRUE(save_model(relu(), folder_ / "link.onnx").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link.onnx"));
  EXPECT_TRUE(load_model(folder_ / "real.onnx").ok());
  EXPECT_TRUE(save_model(relu(), "/dev/null").ok());
}

}  // namespace
}  // namespace lathe::formats

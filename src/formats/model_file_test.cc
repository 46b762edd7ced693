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
      text.string() + ": neither name nor content is that of a model, expected .onnx or .tflite");
  EXPECT_EQ(save_model(relu(), folder_ / "m.txt").error().message(),
            (folder_ / "m.txt").string() + ": cannot write a model of this kind, expected .onnx");
  EXPECT_EQ(load_model(folder_ / "none.onnx").error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lathe::formats

#include "formats/onnx/model_header.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

namespace lathe::formats {
namespace {

class ModelHeaderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lathe_header_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<ModelHeader> read(const std::string& bytes) const {
    EXPECT_TRUE(write_file_atomic(folder_ / "m.onnx", bytes).ok());
    return read_model_header(folder_ / "m.onnx");
  }

  Path folder_;
};

TEST_F(ModelHeaderTest, ReadsWhatAModelSaysOfItself) {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("pytorch");
  model.set_producer_version("2.1.0");
  model.mutable_graph()->set_name("g");
  auto* standard = model.add_opset_import();
  standard->set_domain("ai.onnx");
  standard->set_version(15);
  auto* other = model.add_opset_import();
  other->set_domain("ai.onnx.ml");
  other->set_version(3);
  const auto header = read(model.SerializeAsString());
  ASSERT_TRUE(header.ok()) << header.error().message();
  EXPECT_EQ(header->ir_version, 7);
  EXPECT_EQ(header->producer, "pytorch 2.1.0");
  EXPECT_EQ(header->opsets, (std::map<std::string, std::int64_t>{{"", 15}, {"ai.onnx.ml", 3}}));
}

TEST_F(ModelHeaderTest, ShowsNoControlCharacters) {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("a\x1b[31m");
  const auto header = read(model.SerializeAsString());
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->producer, "a\\x1b[31m");
}

TEST_F(ModelHeaderTest, RefusesWhatIsNoMessage) {
  for (const std::string bytes : {"\x08", "\x12\x7f", "\x0b", "\x42\x03\x10"}) {
    const auto header = read(bytes);
    ASSERT_FALSE(header.ok());
    EXPECT_EQ(header.error().message(), (folder_ / "m.onnx").string() + ": not a valid ONNX model");
  }
  EXPECT_EQ(read_model_header(folder_ / "none").error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lathe::formats

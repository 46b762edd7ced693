#include "formats/onnx/external_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "formats/onnx/read_onnx.h"
#include "formats/onnx/test_model.h"
#include "formats/onnx/write_onnx.h"
#include "ir/graph_builder.h"
#include "ir/print.h"

namespace lathe::formats {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class ExternalDataTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lathe_external_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directory(folder_ / "model");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // y = x + w, where w is float32[3] in a file of 16 bytes at these entries.
  Path write_model(std::initializer_list<std::pair<std::string, std::string>> entries) {
    TestModel model;
    model.add_input("x", {3});
    onnx::TensorProto& w =
        model.add_initializer("w", ir::Tensor::from_values<float>({3}, {0, 0, 0}));
    w.clear_raw_data();
    w.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : entries) {
      onnx::StringStringEntryProto& entry = *w.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    model.add_node("Add", {"x", "w"}, {"y"});
    model.add_output("y");
    const float values[] = {9, 1, 2, 3};
    const std::string_view bytes(reinterpret_cast<const char*>(values), sizeof(values));
    EXPECT_TRUE(write_file_atomic(folder_ / "model" / "w.bin", bytes).ok());
    EXPECT_TRUE(write_file_atomic(folder_ / "outside.bin", bytes).ok());
    const Path path = folder_ / "model" / "m.onnx";
    EXPECT_TRUE(write_file_atomic(path, model.proto.SerializeAsString()).ok());
    return path;
  }

  std::string error(std::initializer_list<std::pair<std::string, std::string>> entries) {
    const auto graph = read_onnx(write_model(entries));
    return graph.ok() ? "no error" : graph.error().message();
  }

  Path folder_;
};

TEST_F(ExternalDataTest, ReadsARegionOfAFile) {
  for (const bool with_length : {true, false}) {
    const auto graph = read_onnx(
        with_length ? write_model({{"location", "w.bin"}, {"offset", "4"}, {"length", "12"}})
                    : write_model({{"location", "w.bin"}, {"offset", "4"}}));
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    const ir::Tensor* w = graph->constant(*graph->find_value("w"));
    ASSERT_NE(w, nullptr);
    EXPECT_TRUE(w->identical(ir::Tensor::from_values<float>({3}, {1, 2, 3})));
  }
}

TEST_F(ExternalDataTest, RefusesPlacesOutsideTheFolder) {
  EXPECT_THAT(
      error({{"location", "/etc/passwd"}}),
      EndsWith("initializer 'w': external data location '/etc/passwd' is absolute, expected "
               "one inside the model's folder"));
  EXPECT_THAT(error({{"location", "../outside.bin"}}),
              EndsWith("location '../outside.bin' leaves the model's folder"));
  EXPECT_THAT(error({{"location", "a/../../outside.bin"}}), EndsWith("leaves the model's folder"));
  EXPECT_THAT(error({{"offset", "4"}}), EndsWith("external data has no location"));
  EXPECT_THAT(error({{"location", std::string("w.bin\0x", 7)}}), HasSubstr("control character"));
  std::filesystem::create_symlink(folder_ / "outside.bin", folder_ / "model" / "link.bin");
  EXPECT_THAT(error({{"location", "link.bin"}}),
              EndsWith("location 'link.bin' is a link that leaves the model's folder"));
  std::filesystem::create_directory_symlink(folder_, folder_ / "model" / "up");
  EXPECT_THAT(error({{"location", "up/outside.bin"}}),
              EndsWith("is a link that leaves the model's folder"));
}

TEST_F(ExternalDataTest, FollowsLinksInsideTheFolder) {
  std::filesystem::create_symlink("w.bin", folder_ / "model" / "link.bin");
  EXPECT_EQ(error({{"location", "link.bin"}, {"offset", "4"}}), "no error");
}

TEST_F(ExternalDataTest, RefusesRegionsThatAreNotThere) {
  EXPECT_THAT(error({{"location", "none.bin"}}),
              HasSubstr("external data 'none.bin': No such file"));
  EXPECT_THAT(error({{"location", "."}}), HasSubstr("not a regular file"));
  EXPECT_THAT(error({{"location", "w.bin"}, {"offset", "-4"}}),
              EndsWith("external data offset is '-4', expected a number of bytes"));
  EXPECT_THAT(error({{"location", "w.bin"}, {"offset", "4 "}}), EndsWith("a number of bytes"));
  EXPECT_THAT(error({{"location", "w.bin"}, {"offset", "99999999999999999999"}}),
              EndsWith("a number of bytes"));
  EXPECT_THAT(error({{"location", "w.bin"}, {"offset", "17"}}),
              EndsWith("external data offset is 17, expected 0 to 16, the size of 'w.bin'"));
  EXPECT_THAT(
      error({{"location", "w.bin"}, {"offset", "8"}, {"length", "12"}}),
      EndsWith("external data length is 12, expected 0 to 8, what is left of 'w.bin' behind "
               "offset 8"));
  EXPECT_THAT(error({{"location", "w.bin"}, {"offset", "8"}, {"length", "9223372036854775807"}}),
              HasSubstr("expected 0 to 8"));
  EXPECT_THAT(error({{"location", "w.bin"}, {"length", "-1"}}), EndsWith("a number of bytes"));
  EXPECT_THAT(error({{"location", "w.bin"}, {"length", "8"}}),
              EndsWith("external data has 8 bytes, expected 12 for float32[3]"));
  EXPECT_THAT(error({{"location", "w.bin"}}),
              EndsWith("external data has 16 bytes, expected 12 for float32[3]"));
  EXPECT_THAT(error({{"location", "w.bin"}, {"offset", "4"}, {"offset", "4"}}),
              EndsWith("external data has 'offset' twice"));
}

TEST_F(ExternalDataTest, NeedsAFolder) {
  const Path path = write_model({{"location", "w.bin"}, {"offset", "4"}});
  const auto file = MappedFile::open(path);
  const auto graph = parse_onnx(file->bytes());
  ASSERT_FALSE(graph.ok());
  EXPECT_THAT(graph.error().message(), HasSubstr("the model was not read from a file"));
}

TEST_F(ExternalDataTest, SharesAndBoundsWhatIsRead) {
  ASSERT_TRUE(write_file_atomic(folder_ / "w.bin", std::string(16, 'x')).ok());
  ExternalData data(folder_);
  const std::vector<std::int64_t> four = {4};
  const std::vector<std::int64_t> square = {2, 2};
  const auto first = data.read({"w.bin", 0, 16}, ir::DataType::kFloat32, four);
  const auto again = data.read({"w.bin", 0, std::nullopt}, ir::DataType::kFloat32, square);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->bytes().data(), again->bytes().data());
  const std::vector<std::int64_t> two = {2};
  const auto overlap = data.read({"w.bin", 4, 8}, ir::DataType::kFloat32, two);
  ASSERT_FALSE(overlap.ok());
  EXPECT_EQ(overlap.error().message(),
            "external data regions of 'w.bin' overlap: they take more than its 16 bytes");
}

TEST_F(ExternalDataTest, WritesWeightsBesideTheModel) {
  ir::GraphBuilder builder("net", 1);
  ir::ValueId x = builder.input("x", {ir::Dim::symbol("N"), 3, 8, 8});
  x = builder.relu(builder.conv(x, 64, {.kernel = 3, .padding = 1, .bias = true}));
  const ir::Graph graph = builder.finish(x, "y");
  const Path path = folder_ / "net.onnx";
  ASSERT_TRUE(write_onnx(graph, path, {.external_data = true}).ok());
  EXPECT_LT(std::filesystem::file_size(path), 1500U);
  EXPECT_EQ(std::filesystem::file_size(folder_ / "net.onnx.data"), 64U * 27 * 4);

  const auto back = read_onnx(path);
  ASSERT_TRUE(back.ok()) << back.error().message();
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const ir::Value& value = graph.value(static_cast<ir::ValueId>(i));
    if (!value.constant) continue;
    const ir::Tensor* read = back->constant(back->find_value(value.name).value());
    ASSERT_NE(read, nullptr) << value.name;
    EXPECT_TRUE(read->identical(*value.constant)) << value.name;
  }
}

}  // namespace
}  // namespace lathe::formats

// Files that lie: whatever the bytes are, reading ends with a graph or an error, soon, and in
// memory that the file's size bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "formats/onnx/read_onnx.h"
#include "formats/onnx/test_model.h"
#include "formats/onnx/write_onnx.h"
#include "ir/graph_builder.h"

namespace lathe::formats {
namespace {

using testing::HasSubstr;

std::string small_model() {
  ir::GraphBuilder b("net", 3);
  ir::ValueId x = b.input("input", {ir::Dim::symbol("N"), 1, 8, 8});
  x = b.relu6(b.batch_norm(b.conv(x, 4, {.kernel = 3, .stride = 2, .padding = 1})));
  x = b.max_pool(x, 2, 2);
  x = b.softmax(b.linear(b.dropout(b.flatten(b.global_average_pool(x)), 0.5F), 3));
  return serialize_onnx(b.finish(x, "y")).value();
}

Result<ir::Graph> parse(std::string_view bytes) {
  return parse_onnx(std::as_bytes(std::span(bytes)));
}

// A length-delimited protobuf field, as bytes.
std::string field(int number, std::string_view content) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  std::size_t length = content.size();
  for (; length >= 0x80; length >>= 7) bytes += static_cast<char>(length & 0x7f) | '\x80';
  bytes += static_cast<char>(length);
  return bytes.append(content);
}

TEST(HostileOnnx, EveryTruncationEnds) {
  const std::string whole = small_model();
  ASSERT_TRUE(parse(whole).ok());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // The copy ends exactly where its allocation does, so that reading past it is seen.
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto graph = parse(std::string_view(cut.data(), cut.size()));
    EXPECT_TRUE(graph.ok() || !graph.error().message().empty());
  }
}

TEST(HostileOnnx, EveryFlippedBitEnds) {
  std::string bytes = small_model();
  const std::size_t checked = std::min<std::size_t>(bytes.size(), 4096);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < checked * 8; ++i) {
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
    const auto graph = parse(bytes);
    if (graph.ok()) {
      EXPECT_TRUE(graph->verify().ok());
    } else {
      EXPECT_FALSE(graph.error().message().empty());
      ++refused;
    }
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
  }
  EXPECT_GT(refused, checked);
}

TEST(HostileOnnx, TruncationNamesAPlace) {
  const std::string whole = small_model();
  const auto graph = parse(std::string_view(whole).substr(0, whole.size() / 2));
  ASSERT_FALSE(graph.ok());
  EXPECT_THAT(graph.error().message(), testing::MatchesRegex("byte [0-9]+: graph.*: needs .*"));
}

TEST(HostileOnnx, AMillionNestedAttributes) {
  // Each level wraps the one inside; lengths grow, so build from the inside out, reversed.
  std::string reversed;
  std::size_t size = 0;
  const auto wrap = [&](int number) {
    std::string head(1, static_cast<char>(number << 3 | 2));
    std::size_t length = size;
    for (; length >= 0x80; length >>= 7) head += static_cast<char>(length & 0x7f) | '\x80';
    head += static_cast<char>(length);
    reversed.append(head.rbegin(), head.rend());
    size += head.size();
  };
  for (int i = 0; i < 1'000'000; ++i) {
    wrap(6);  // AttributeProto.g
    wrap(5);  // NodeProto.attribute
    wrap(1);  // GraphProto.node
  }
  wrap(7);
  const std::string bytes(reversed.rbegin(), reversed.rend());
  const auto graph = parse(bytes);
  ASSERT_FALSE(graph.ok());
  EXPECT_THAT(graph.error().message(), HasSubstr("messages are nested more than 64 deep"));
}

TEST(HostileOnnx, MillionsOfEmptyMessages) {
  std::string graph;
  for (int i = 0; i < 2'000'000; ++i) graph += std::string("\x0a\x00", 2);  // nodes
  const auto result = parse(field(7, graph));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(result.error().message(), HasSubstr("bytes of memory, 32 times its file"));
}

TEST(HostileOnnx, ManyAttributesOnOneNode) {
  TestModel model = relu_model();
  for (int i = 0; i < 100'000; ++i) {
    set_attribute(*model.graph().mutable_node(0), "attribute" + std::to_string(i), 1.0F);
  }
  EXPECT_THAT(model.error(), HasSubstr("node node (Relu): unknown attribute 'attribute0'"));
}

TEST(HostileOnnx, ManyUnsupportedOperators) {
  TestModel model = relu_model();
  for (int i = 0; i < 10'000; ++i) {
    model.add_node("Op" + std::to_string(i), {"x"}, {"v" + std::to_string(i)});
  }
  const std::string message = model.error();
  EXPECT_LT(message.size(), 4000U);
  EXPECT_THAT(message, HasSubstr("and 9960 more operators"));
}

TEST(HostileOnnx, LongChainsAreReadInBoundedTime) {
  constexpr int kNodes = 50'000;
  TestModel model(9);
  model.add_input("v0", {2, 3});
  for (int i = 0; i < kNodes; ++i) {
    const bool drop = i % 2 == 0;
    onnx::NodeProto& node = model.add_node(drop ? "Dropout" : "Relu", {"v" + std::to_string(i)},
                                           {"v" + std::to_string(i + 1)});
    if (drop) set_attribute(node, "ratio", 0.5F);
  }
  model.add_output("v" + std::to_string(kNodes));
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph->node_count(), static_cast<std::size_t>(kNodes));
}

TEST(HostileOnnx, NamesLikeThoseOfUpgradesCostNothing) {
  constexpr int kCount = 20'000;
  TestModel model(9);
  model.add_input("y_max", {2});
  for (int i = 0; i < kCount; ++i) {
    model.add_node("Relu", {"y_max"}, {"y_max_" + std::to_string(i)});
  }
  set_attribute(model.add_node("Clip", {"y_max"}, {"y"}), "max", 1.0F);
  model.add_output("y");
  const auto graph = model.parse();
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  // The bound of Clip has found a name of its own.
  EXPECT_EQ(graph->node_count(), 1U);
  EXPECT_NE(graph->constant(graph->node(0).input(2)), nullptr);
}

TEST(HostileOnnx, RandomBytesEnd) {
  std::uint32_t state = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (int i = 0; i < round % 97; ++i) {
      state = state * 1664525 + 1013904223;
      bytes += static_cast<char>(state >> 24);
    }
    EXPECT_FALSE(parse(bytes).ok());
  }
}

}  // namespace
}  // namespace lathe::formats

#include "formats/onnx/cut_payloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "formats/onnx/test_model.h"
#include "formats/onnx/wire_check.h"

namespace lathe::formats {
namespace {

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

onnx::ModelProto model_with_tensors() {
  onnx::ModelProto model;
  model.set_ir_version(10);
  for (const std::size_t size : {10, 5000, 300'000}) {
    onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name("t" + std::to_string(size));
    tensor.set_raw_data(std::string(size, static_cast<char>('a' + size % 7)));
    tensor.add_dims(static_cast<std::int64_t>(size));
  }
  onnx::AttributeProto& attribute = *model.mutable_graph()->add_node()->add_attribute();
  attribute.set_name("value");
  attribute.mutable_t()->set_raw_data(std::string(9000, 'z'));
  attribute.mutable_t()->set_doc_string(std::string(7000, 'd'));
  model.set_producer_name("somebody");
  return model;
}

TEST(CutPayloads, WhatIsPutBackIsTheMessage) {
  const onnx::ModelProto model = model_with_tensors();
  const std::string bytes = model.SerializeAsString();
  Payloads payloads;
  const std::string cut = cut_payloads(as_bytes(bytes), model_message(), 4096, payloads);
  EXPECT_LT(cut.size(), 8000U);
  EXPECT_TRUE(check_wire(as_bytes(cut), model_message()).ok());
  onnx::ModelProto parsed;
  ASSERT_TRUE(parsed.ParseFromString(cut));
  const auto restore = [&](onnx::TensorProto& tensor) {
    const auto payload = payloads.find(tensor.raw_data());
    if (payload) tensor.set_raw_data(payload->data(), payload->size());
    return payload.has_value();
  };
  EXPECT_FALSE(restore(*parsed.mutable_graph()->mutable_initializer(0)));
  EXPECT_TRUE(restore(*parsed.mutable_graph()->mutable_initializer(1)));
  EXPECT_TRUE(restore(*parsed.mutable_graph()->mutable_initializer(2)));
  EXPECT_TRUE(restore(*parsed.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_t()));
  EXPECT_EQ(parsed.SerializeAsString(), bytes);
}

TEST(CutPayloads, SmallMessagesStayAsTheyAre) {
  onnx::ModelProto model = model_with_tensors();
  const std::string bytes = model.SerializeAsString();
  Payloads payloads;
  EXPECT_EQ(cut_payloads(as_bytes(bytes), model_message(), std::size_t{1} << 30, payloads), bytes);
  EXPECT_EQ(cut_payloads({}, model_message(), 1, payloads), "");
}

TEST(CutPayloads, MarksOfOthersStandForThemselves) {
  Payloads one;
  Payloads other;
  const std::string text = "payload";
  const std::string mark = one.add(as_bytes(text));
  EXPECT_TRUE(one.find(mark));
  EXPECT_FALSE(other.find(mark));
  std::string beyond = mark;
  beyond.back() = 1;
  EXPECT_FALSE(one.find(beyond));
  EXPECT_FALSE(one.find(mark.substr(1)));
  EXPECT_FALSE(one.find(""));
}

}  // namespace
}  // namespace lathe::formats

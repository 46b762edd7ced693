#include "formats/onnx/convert_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx-data_pb.h>

#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/read_onnx.h"

namespace lathe::formats {
namespace {

using ir::DataType;
using ir::Datum;
using ir::Tensor;
using ir::Type;
using testing::HasSubstr;

const Type kFloats(DataType::kFloat32, std::nullopt);

Result<Datum> parse(const google::protobuf::MessageLite& proto, const Type& type) {
  const std::string bytes = proto.SerializeAsString();
  return parse_onnx_value(std::as_bytes(std::span(bytes)), type);
}

std::string error_of(const google::protobuf::MessageLite& proto, const Type& type) {
  const auto value = parse(proto, type);
  return value.ok() ? "no error" : value.error().message();
}

onnx::TensorProto tensor(const Tensor& value) {
  onnx::TensorProto proto;
  tensor_to_proto(value, proto);
  return proto;
}

onnx::SequenceProto two_tensors() {
  onnx::SequenceProto proto;
  proto.set_name("xs");
  proto.set_elem_type(onnx::SequenceProto::TENSOR);
  *proto.add_tensor_values() = tensor(Tensor::from_values<float>({2}, {1, 2}));
  *proto.add_tensor_values() = tensor(Tensor::scalar(3.0F));
  return proto;
}

TEST(ConvertValue, SequencesOfTensors) {
  // What a type says of extents does not count.
  const auto value = parse(two_tensors(), Type::sequence({DataType::kFloat32, ir::Shape{7}}));
  ASSERT_TRUE(value.ok()) << value.error().message();
  EXPECT_EQ(value->type(), Type::sequence(kFloats));
  ASSERT_EQ(value->sequence()->items.size(), 2U);
  EXPECT_TRUE(
      value->sequence()->items[0].tensor()->identical(Tensor::from_values<float>({2}, {1, 2})));
  EXPECT_TRUE(value->sequence()->items[1].tensor()->identical(Tensor::scalar(3.0F)));

  EXPECT_EQ(error_of(two_tensors(), Type::sequence({DataType::kInt8, std::nullopt})),
            "item 0: is float32[2], expected int8[*]");
  EXPECT_EQ(error_of(two_tensors(), Type::sequence(Type::sequence(kFloats))),
            "has items of another kind than seq(float32[*])");
}

TEST(ConvertValue, AnEmptyMessageIsAnEmptyFile) {
  onnx::SequenceProto empty;
  EXPECT_THAT(error_of(empty, Type::sequence(kFloats)), HasSubstr("empty"));
  empty.set_elem_type(onnx::SequenceProto::TENSOR);
  EXPECT_TRUE(parse(empty, Type::sequence(kFloats))->sequence()->items.empty());
}

TEST(ConvertValue, Optionals) {
  onnx::OptionalProto proto;
  proto.set_elem_type(onnx::OptionalProto::UNDEFINED);
  const Type tensor_type = Type::optional(kFloats);
  const Type sequence_type = Type::optional(Type::sequence(kFloats));
  const auto nothing = parse(proto, tensor_type);
  ASSERT_TRUE(nothing.ok()) << nothing.error().message();
  EXPECT_EQ(nothing->type(), tensor_type);
  EXPECT_TRUE(nothing->optional()->item.empty());

  *proto.mutable_tensor_value() = tensor(Tensor::scalar(3.0F));
  EXPECT_EQ(parse(proto, tensor_type)->optional()->item.size(), 1U);
  EXPECT_EQ(error_of(proto, sequence_type), "has a value of another kind than seq(float32[*])");

  proto.Clear();
  proto.set_elem_type(onnx::OptionalProto::SEQUENCE);
  *proto.mutable_sequence_value() = two_tensors();
  const auto sequence = parse(proto, sequence_type);
  ASSERT_TRUE(sequence.ok()) << sequence.error().message();
  EXPECT_EQ(sequence->optional()->item[0].sequence()->items.size(), 2U);
}

TEST(ConvertValue, Maps) {
  onnx::MapProto proto;
  proto.set_key_type(onnx::TensorProto::STRING);
  proto.add_string_keys("b");
  proto.add_string_keys("a");
  *proto.mutable_values() = two_tensors();
  const Type type = Type::map(DataType::kString, kFloats);
  const auto map = parse(proto, type);
  ASSERT_TRUE(map.ok()) << map.error().message();
  EXPECT_EQ(map->map()->keys.data<std::string>()[0], "b");
  EXPECT_EQ(map->map()->values.size(), 2U);
  EXPECT_EQ(error_of(proto, Type::map(DataType::kInt64, kFloats)),
            "has keys of another type than int64");
  *proto.mutable_string_keys(1) = "b";
  EXPECT_EQ(error_of(proto, type), "has a key twice");
  proto.add_string_keys("c");
  *proto.mutable_string_keys(1) = "a";
  EXPECT_EQ(error_of(proto, type), "has 3 keys and 2 values");

  onnx::SequenceProto maps;
  *maps.add_map_values() = proto;
  EXPECT_EQ(error_of(maps, Type::sequence(type)), "item 0: has 3 keys and 2 values");
}

TEST(ConvertValue, BytesThatAreNoMessage) {
  EXPECT_THAT(parse_onnx_value(std::as_bytes(std::span("\x1a\xff")), Type::sequence(kFloats))
                  .error()
                  .message(),
              HasSubstr("byte"));
}

}  // namespace
}  // namespace lathe::formats

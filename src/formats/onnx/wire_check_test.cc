#include "formats/onnx/wire_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx-data_pb.h>
#include <onnx/onnx_pb.h>

#include "formats/onnx/test_model.h"

namespace lathe::formats {
namespace {

using testing::HasSubstr;

std::string check(std::string_view bytes, const WireLimits& limits = {}) {
  const Status status = check_wire(std::as_bytes(std::span(bytes)), model_message(), limits);
  return status.ok() ? "ok" : status.error().message();
}

// A length-delimited field, with a one-byte length.
std::string field(int number, const std::string& content) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(content.size())} +
         content;
}

TEST(WireCheck, AcceptsWhatProtobufWrites) {
  const std::string bytes = relu_model().proto.SerializeAsString();
  EXPECT_EQ(check(bytes), "ok");
}

TEST(WireCheck, AcceptsFieldsOfNewerSpecifications) {
  const std::string varint{"\xa0\x06\x05", 3};  // field 100
  EXPECT_EQ(check(varint + field(15, "abc")), "ok");
}

TEST(WireCheck, NamesAFieldThatRunsPastTheEnd) {
  const std::string attribute{"\x42\x50\x01", 3};  // ints: 80 bytes, 1 there
  const std::string graph = field(1, "") + field(1, field(5, attribute));
  EXPECT_EQ(check("\x08\x08" + field(7, graph)),
            "byte 10: graph.node[1].attribute[0].ints[0]: needs 80 bytes, but 1 are left");
}

TEST(WireCheck, NamesATruncatedNumber) {
  EXPECT_EQ(check("\x08\xff"), "byte 0: ir_version: a number runs past the end");
  EXPECT_EQ(check("\x08"), "byte 0: ir_version: a number runs past the end");
  EXPECT_EQ(check("\x88"), "byte 0: ModelProto: a number runs past the end");
}

TEST(WireCheck, NamesANumberOfTooManyBytes) {
  EXPECT_EQ(check("\x08" + std::string(10, '\xff') + "\x01"),
            "byte 0: ir_version: a number takes more than 10 bytes");
}

TEST(WireCheck, NamesATruncatedFixedNumber) {
  const std::string attribute{"\x15\x01\x02", 3};  // f: 4 bytes, 2 there
  EXPECT_EQ(check(field(7, field(1, field(5, attribute)))),
            "byte 6: graph.node[0].attribute[0].f: needs 4 bytes, but 2 are left");
}

TEST(WireCheck, RefusesWrongWireTypes) {
  EXPECT_EQ(check(std::string("\x38\x01", 2)),
            "byte 0: graph: is a varint, expected length-delimited");
  EXPECT_EQ(check(field(1, "abc")), "byte 0: ir_version: is length-delimited, expected a varint");
}

TEST(WireCheck, RefusesGroupsAndFieldNumberZero) {
  EXPECT_EQ(check("\x0b\x0c"), "byte 0: ir_version: is the start of a group, expected a varint");
  EXPECT_EQ(check("\x7b\x7c"),
            "byte 0: ModelProto: field 15 of ModelProto is the start of a group, which ONNX does "
            "not use");
  EXPECT_EQ(check(std::string("\x00\x01", 2)), "byte 0: ModelProto: field number 0 is not valid");
}

TEST(WireCheck, RefusesPackedNumbersThatAreNotWhole) {
  // graph.initializer.float_data of 3 bytes, int64_data that ends inside a number.
  EXPECT_THAT(check(field(7, field(5, field(4, "abc")))),
              HasSubstr("graph.initializer[0].float_data[0]: packed numbers take 3 bytes"));
  EXPECT_THAT(check(field(7, field(5, field(7, "\xff")))),
              HasSubstr("graph.initializer[0].int64_data[0]: a number runs past the end"));
}

TEST(WireCheck, LimitsNesting) {
  onnx::ModelProto model;
  onnx::GraphProto* graph = model.mutable_graph();
  for (int i = 0; i < 30; ++i) graph = graph->add_node()->add_attribute()->mutable_g();
  const std::string deep = model.SerializeAsString();
  EXPECT_THAT(check(deep), HasSubstr("messages are nested more than 64 deep"));
  EXPECT_THAT(check(deep), HasSubstr("graph.node[0].attribute[0].g.node[0]"));
  EXPECT_EQ(check(deep, {.max_depth = 100}), "ok");
}

TEST(WireCheck, LimitsItems) {
  std::string graph;
  for (int i = 0; i < 50; ++i) graph += field(1, "");
  EXPECT_EQ(check(field(7, graph), {.max_items = 20}),
            "byte 40: graph.node[19]: the model has more than 20 messages and strings");
}

TEST(WireCheck, LimitsMemoryByTheSizeOfTheFile) {
  std::string graph;
  for (int i = 0; i < 50; ++i) graph += field(1, "");
  const WireLimits limits{.memory_base = 1000, .memory_per_byte = 10};
  EXPECT_THAT(check(field(7, graph), limits), HasSubstr("bytes of memory, 10 times its file"));
}

// What the memory limit is computed from must not be less than the truth.
TEST(WireCheck, KnowsTheSizesOfProtobufsClasses) {
  const auto at_least = [](const WireMessage& message, std::size_t size) {
    EXPECT_GE(message.memory_bytes, static_cast<std::int64_t>(size + sizeof(void*)))
        << message.name;
  };
  const auto inner = [](const WireMessage& message, std::string_view name) -> const WireMessage& {
    for (const WireField& candidate : message.fields) {
      if (candidate.name == name) return *candidate.message;
    }
    ADD_FAILURE() << name;
    return message;
  };
  const WireMessage& model = model_message();
  const WireMessage& graph = inner(model, "graph");
  const WireMessage& node = inner(graph, "node");
  const WireMessage& value = inner(graph, "input");
  const WireMessage& type = inner(value, "type");
  const WireMessage& shape = inner(inner(type, "tensor_type"), "shape");
  at_least(model, sizeof(onnx::ModelProto));
  at_least(graph, sizeof(onnx::GraphProto));
  at_least(node, sizeof(onnx::NodeProto));
  at_least(inner(node, "attribute"), sizeof(onnx::AttributeProto));
  at_least(tensor_message(), sizeof(onnx::TensorProto));
  at_least(inner(tensor_message(), "segment"), sizeof(onnx::TensorProto::Segment));
  at_least(inner(graph, "sparse_initializer"), sizeof(onnx::SparseTensorProto));
  at_least(value, sizeof(onnx::ValueInfoProto));
  at_least(type, sizeof(onnx::TypeProto));
  at_least(inner(type, "tensor_type"), sizeof(onnx::TypeProto::Tensor));
  at_least(inner(type, "sequence_type"), sizeof(onnx::TypeProto::Sequence));
  at_least(inner(type, "map_type"), sizeof(onnx::TypeProto::Map));
  at_least(inner(type, "opaque_type"), sizeof(onnx::TypeProto::Opaque));
  at_least(shape, sizeof(onnx::TensorShapeProto));
  at_least(inner(shape, "dim"), sizeof(onnx::TensorShapeProto::Dimension));
  at_least(inner(model, "metadata_props"), sizeof(onnx::StringStringEntryProto));
  at_least(inner(model, "opset_import"), sizeof(onnx::OperatorSetIdProto));
  at_least(inner(model, "functions"), sizeof(onnx::FunctionProto));
  at_least(inner(model, "training_info"), sizeof(onnx::TrainingInfoProto));
  at_least(inner(graph, "quantization_annotation"), sizeof(onnx::TensorAnnotation));
  at_least(sequence_message(), sizeof(onnx::SequenceProto));
  at_least(optional_message(), sizeof(onnx::OptionalProto));
  at_least(map_message(), sizeof(onnx::MapProto));
}

}  // namespace
}  // namespace lathe::formats

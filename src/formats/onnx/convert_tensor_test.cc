#include "formats/onnx/convert_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

namespace lathe::formats {
namespace {

using ir::DataType;
using ir::Tensor;

constexpr DataType kAllTypes[] = {
    DataType::kFloat32, DataType::kUint8,    DataType::kInt8,    DataType::kUint16,
    DataType::kInt16,   DataType::kInt32,    DataType::kInt64,   DataType::kString,
    DataType::kBool,    DataType::kFloat16,  DataType::kFloat64, DataType::kUint32,
    DataType::kUint64,  DataType::kBFloat16, DataType::kUint4,   DataType::kInt4};

onnx::TensorProto make_proto(DataType type, std::initializer_list<std::int64_t> dims) {
  onnx::TensorProto proto;
  proto.set_data_type(static_cast<std::int32_t>(type));
  for (const std::int64_t dim : dims) proto.add_dims(dim);
  return proto;
}

Result<Tensor> read(onnx::TensorProto proto) {
  ExternalData none(std::nullopt);
  return tensor_from_proto(proto, none);
}

std::string read_error(const onnx::TensorProto& proto) {
  const auto tensor = read(proto);
  return tensor.ok() ? "no error" : tensor.error().message();
}

Tensor sample(DataType type, std::initializer_list<std::int64_t> dims) {
  Tensor tensor = Tensor::zeros(type, dims);
  for (std::int64_t i = 0; i < tensor.num_elements(); ++i) {
    if (type == DataType::kString) {
      tensor.mutable_data<std::string>()[static_cast<std::size_t>(i)] = "text" + std::to_string(i);
    } else if (type == DataType::kBool) {
      tensor.set_double(i, i % 2 == 0 ? 1 : 0);
    } else {
      tensor.set_double(i, static_cast<double>(ir::is_signed_integer(type) ? i - 2 : i + 1));
    }
  }
  return tensor;
}

class EveryType : public testing::TestWithParam<DataType> {};

TEST_P(EveryType, SurvivesARoundTrip) {
  for (const auto& dims : {std::vector<std::int64_t>{}, {5}, {2, 3}, {0, 4}}) {
    Tensor tensor = sample(GetParam(), {6});
    if (dims.empty()) {
      tensor = sample(GetParam(), {});
    } else if (dims[0] == 5) {
      tensor = sample(GetParam(), {5});
    } else if (dims[0] == 0) {
      tensor = sample(GetParam(), {0, 4});
    } else {
      tensor = tensor.reshaped(dims);
    }
    onnx::TensorProto proto;
    tensor_to_proto(tensor, proto);
    const auto back = read(proto);
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_TRUE(back->identical(tensor)) << tensor.type().to_string();
  }
}

TEST_P(EveryType, RefusesTooFewAndTooManyElements) {
  const DataType type = GetParam();
  for (const int wrong : {0, 3, 9}) {
    onnx::TensorProto proto = make_proto(type, {2, 4});  // 8 elements, 4 packed bytes
    if (type == DataType::kString) {
      for (int i = 0; i < wrong; ++i) proto.add_string_data("x");
      EXPECT_EQ(read_error(proto),
                fmt::format("string_data has {} values, expected 8 for string[2,4]", wrong));
    } else {
      proto.set_raw_data(std::string(static_cast<std::size_t>(wrong), '\0'));
      EXPECT_EQ(read_error(proto),
                fmt::format("raw data has {} bytes, expected {} for {}[2,4]", wrong,
                            ir::bits_per_element(type), ir::data_type_name(type)));
    }
  }
}

TEST_P(EveryType, RefusesAbsentElements) {
  EXPECT_THAT(read_error(make_proto(GetParam(), {2})), testing::HasSubstr("_data has 0 values"));
}

INSTANTIATE_TEST_SUITE_P(ConvertTensor, EveryType, testing::ValuesIn(kAllTypes),
                         [](const auto& p) { return std::string(ir::data_type_name(p.param)); });

TEST(ConvertTensor, ReadsFloatData) {
  auto proto = make_proto(DataType::kFloat32, {2});
  proto.add_float_data(1.5F);
  proto.add_float_data(-2);
  EXPECT_TRUE(read(proto)->identical(Tensor::from_values<float>({2}, {1.5F, -2})));
}

TEST(ConvertTensor, ReadsDoubleData) {
  auto proto = make_proto(DataType::kFloat64, {1});
  proto.add_double_data(0.1);
  EXPECT_TRUE(read(proto)->identical(Tensor::from_values<double>({1}, {0.1})));
}

TEST(ConvertTensor, ReadsInt64Data) {
  auto proto = make_proto(DataType::kInt64, {2});
  proto.add_int64_data(INT64_MIN);
  proto.add_int64_data(7);
  EXPECT_TRUE(read(proto)->identical(Tensor::from_values<std::int64_t>({2}, {INT64_MIN, 7})));
}

TEST(ConvertTensor, ReadsUint64DataOfBothTypes) {
  auto wide = make_proto(DataType::kUint64, {1});
  wide.add_uint64_data(UINT64_MAX);
  EXPECT_TRUE(read(wide)->identical(Tensor::from_values<std::uint64_t>({1}, {UINT64_MAX})));
  auto narrow = make_proto(DataType::kUint32, {1});
  narrow.add_uint64_data(UINT32_MAX);
  EXPECT_TRUE(read(narrow)->identical(Tensor::from_values<std::uint32_t>({1}, {UINT32_MAX})));
  narrow.set_uint64_data(0, std::uint64_t{1} << 32);
  EXPECT_EQ(read_error(narrow), "uint64_data[0] is 4294967296, which does not fit uint32");
}

TEST(ConvertTensor, ReadsInt32DataOfEveryNarrowType) {
  const auto from_int32 = [](DataType type, std::initializer_list<std::int32_t> values) {
    auto proto = make_proto(type, {static_cast<std::int64_t>(values.size())});
    for (const std::int32_t value : values) proto.add_int32_data(value);
    return read(proto);
  };
  const auto all = [](const Result<Tensor>& tensor) { return tensor->to_int64s(); };
  using V = std::vector<std::int64_t>;
  EXPECT_EQ(all(from_int32(DataType::kInt32, {-7, 7})), (V{-7, 7}));
  EXPECT_EQ(all(from_int32(DataType::kInt8, {-128, 127})), (V{-128, 127}));
  EXPECT_EQ(all(from_int32(DataType::kUint8, {0, 255})), (V{0, 255}));
  EXPECT_EQ(all(from_int32(DataType::kInt16, {-32768, 3})), (V{-32768, 3}));
  EXPECT_EQ(all(from_int32(DataType::kUint16, {65535, 3})), (V{65535, 3}));
  EXPECT_EQ(all(from_int32(DataType::kBool, {0, 1, 2})), (V{0, 1, 1}));
  // 0x3c00 is one in binary16, 0x3f80 in bfloat16.
  EXPECT_EQ(all(from_int32(DataType::kFloat16, {0x3c00, 0xbc00})), (V{1, -1}));
  EXPECT_EQ(all(from_int32(DataType::kBFloat16, {0x3f80, 0xbf80})), (V{1, -1}));

  EXPECT_EQ(from_int32(DataType::kInt8, {128}).error().message(),
            "int32_data[0] is 128, which does not fit int8");
  EXPECT_EQ(from_int32(DataType::kUint8, {0, -1}).error().message(),
            "int32_data[1] is -1, which does not fit uint8");
  EXPECT_EQ(from_int32(DataType::kFloat16, {65536}).error().message(),
            "int32_data[0] is 65536, which does not fit float16");
}

TEST(ConvertTensor, ReadsPackedInt32Data) {
  auto proto = make_proto(DataType::kInt4, {3});
  proto.add_int32_data(0x7f);  // -1, then 7
  proto.add_int32_data(0xa8);  // -8, then padding that is dropped
  const auto tensor = read(proto);
  ASSERT_TRUE(tensor.ok()) << tensor.error().message();
  EXPECT_EQ(tensor->to_int64s(), (std::vector<std::int64_t>{-1, 7, -8}));
  EXPECT_EQ(tensor->bytes().back(), std::byte{0x08});
  proto.add_int32_data(0);
  EXPECT_EQ(read_error(proto), "int32_data has 3 values, expected 2 for int4[3]");
}

TEST(ConvertTensor, MakesRawBooleansZeroOrOne) {
  auto proto = make_proto(DataType::kBool, {3});
  proto.set_raw_data(std::string("\x00\x01\xff", 3));
  EXPECT_TRUE(read(proto)->identical(Tensor::from_values<bool>({3}, {false, true, true})));
}

TEST(ConvertTensor, RefusesExtentsBeforeAllocating) {
  auto negative = make_proto(DataType::kFloat32, {2, -3});
  EXPECT_EQ(read_error(negative), "shape [2,-3] has a negative extent");
  auto huge = make_proto(DataType::kFloat32, {std::int64_t{1} << 40});
  EXPECT_EQ(read_error(huge),
            "float32[1099511627776] takes more than the limit of 1099511627776 "
            "bytes");
  auto overflow = make_proto(DataType::kInt8, {std::int64_t{1} << 40, std::int64_t{1} << 40});
  EXPECT_THAT(read_error(overflow), testing::HasSubstr("has too many elements"));
  auto large = make_proto(DataType::kInt8, {std::int64_t{1} << 38});
  large.set_raw_data("x");
  EXPECT_EQ(read_error(large),
            "raw data has 1 bytes, expected 274877906944 for int8[274877906944]");
  auto strings = make_proto(DataType::kString, {std::int64_t{1} << 38});
  EXPECT_THAT(read_error(strings), testing::HasSubstr("string_data has 0 values"));
  auto deep = make_proto(DataType::kInt8, {});
  for (int i = 0; i < 65; ++i) deep.add_dims(1);
  EXPECT_EQ(read_error(deep), "has 65 dimensions, at most 64 are accepted");
}

// As the specification packs them: elements of less than a byte from the low bits upwards.
TEST(ConvertTensor, TakesTheSmallAndTheComplexTypes) {
  auto pairs = make_proto(DataType::kComplex64, {2});
  for (const float part : {1.0F, 2.0F, 3.0F, 4.0F}) pairs.add_float_data(part);
  EXPECT_EQ(read(pairs).value().num_bytes(), 16U);
  auto two_bits = make_proto(DataType::kInt2, {5});
  for (const int byte : {0b11100100, 0b01}) two_bits.add_int32_data(byte);
  EXPECT_THAT(read(two_bits).value().to_int64s(), testing::ElementsAre(0, 1, -2, -1, 1));
  auto six_bits = make_proto(DataType::kFloat6E2M3, {3});
  for (const int bits : {0b001000, 0b101000, 0b011111}) six_bits.add_int32_data(bits);
  EXPECT_THAT(read(six_bits).value().to_floats(), testing::ElementsAre(1, -1, 7.5F));
  auto half_byte = make_proto(DataType::kFloat4E2M1, {2});
  half_byte.set_raw_data("\x72");
  EXPECT_THAT(read(half_byte).value().to_floats(), testing::ElementsAre(1, 6));
  six_bits.set_int32_data(0, 64);
  EXPECT_THAT(read_error(six_bits), testing::HasSubstr("int32_data[0] is 64"));
}

TEST(ConvertTensor, NamesTypesThatAreNotThere) {
  EXPECT_EQ(read_error(make_proto(static_cast<DataType>(99), {1})), "element type 99 is unknown");
  EXPECT_EQ(read_error(make_proto(DataType::kUndefined, {1})), "element type 0 is unknown");
  EXPECT_EQ(read_error(make_proto(static_cast<DataType>(-1), {1})), "element type -1 is unknown");
}

TEST(ConvertTensor, RefusesElementsInTheWrongPlace) {
  auto wrong = make_proto(DataType::kFloat32, {1});
  wrong.add_int64_data(1);
  EXPECT_EQ(read_error(wrong),
            "float32 elements are in int64_data, expected them in float_data or raw_data");
  auto both = make_proto(DataType::kFloat32, {1});
  both.add_float_data(1);
  both.set_raw_data("abcd");
  EXPECT_EQ(read_error(both), "has raw_data and elements in another field");
  auto text = make_proto(DataType::kString, {1});
  text.set_raw_data("abcd");
  EXPECT_EQ(read_error(text), "strings cannot be stored as raw data");
  auto segment = make_proto(DataType::kFloat32, {1});
  segment.mutable_segment()->set_begin(0);
  EXPECT_EQ(read_error(segment), "tensors in segments are not supported");
}

}  // namespace
}  // namespace lathe::formats

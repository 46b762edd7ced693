#include "data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/numeric.h"
#include "base/random.h"
#include "data/test_files.h"
#include "data/unicode.h"

namespace lathe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string npy(std::string_view header, std::string_view body, char major = 1) {
  std::string out = "\x93NUMPY";
  out += {major, '\0', static_cast<char>(header.size()), '\0'};
  if (major > 1) out += std::string(2, '\0');
  out += header;
  out += body;
  return out;
}

std::string error_of(const std::string& bytes) {
  const Result<ir::Tensor> tensor = parse_npy(as_bytes(bytes));
  return tensor.ok() ? "no error" : tensor.error().message();
}

TEST(Npy, EveryTypeOfNumbersRoundTrips) {
  for (int number = 1; ir::is_known_data_type(number); ++number) {
    const auto type = static_cast<ir::DataType>(number);
    if (!ir::is_numeric(type)) continue;
    ir::Tensor tensor = ir::Tensor::zeros(type, {2, 3});
    for (int i = 0; i < 6; ++i) tensor.set_double(i, i % 2 == 0 ? i : 1);
    const ir::Tensor back = parse_npy(as_bytes(format_npy(tensor).value())).value();
    EXPECT_EQ(back.dims(), tensor.dims());
    EXPECT_TRUE(back.cast(type).identical(tensor)) << ir::data_type_name(type);
    const bool foreign = type == ir::DataType::kBFloat16 || ir::is_mini_float(type) ||
                         ir::bits_per_element(type) < 8;
    if (!foreign) {
      EXPECT_EQ(back.data_type(), type) << ir::data_type_name(type);
    }
  }
}

TEST(Npy, ComplexNumbersRoundTrip) {
  const auto pairs = ir::Tensor::from_values<float>({2, 2}, {1, -2, 3, 0.5F});
  ir::Tensor tensor = ir::Tensor::zeros(ir::DataType::kComplex64, {2});
  std::ranges::copy(pairs.bytes(), tensor.mutable_bytes().begin());
  const std::string bytes = format_npy(tensor).value();
  EXPECT_THAT(bytes, HasSubstr("'descr': '<c8'"));
  EXPECT_TRUE(parse_npy(as_bytes(bytes)).value().identical(tensor));
  // np.array([1-2j, 3+0.5j], '>c8')
  const std::string big = npy("{'descr': '>c8', 'fortran_order': False, 'shape': (2,), }",
                              std::string("\x3f\x80\0\0\xc0\0\0\0\x40\x40\0\0\x3f\0\0\0", 16));
  EXPECT_TRUE(parse_npy(as_bytes(big)).value().identical(tensor));
}

TEST(Npy, WritesAFile) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "a.npy";
  const auto tensor = ir::Tensor::from_values<std::int16_t>({3}, {1, 2, 3});
  ASSERT_TRUE(write_npy(path, tensor).ok());
  EXPECT_TRUE(read_npy(path).value().identical(tensor));
}

TEST(Npy, ScalarsEmptyArraysAndTextRoundTrip) {
  const auto round_trip = [](const ir::Tensor& tensor) {
    return parse_npy(as_bytes(format_npy(tensor).value())).value();
  };
  EXPECT_TRUE(round_trip(ir::Tensor::scalar(2.5F)).identical(ir::Tensor::scalar(2.5F)));
  const ir::Tensor empty = ir::Tensor::zeros(ir::DataType::kInt64, {3, 0, 2});
  EXPECT_TRUE(round_trip(empty).identical(empty));
  const auto text = ir::Tensor::from_values<std::string>({3}, {"", "Käse", "日本語🙂"});
  EXPECT_TRUE(round_trip(text).identical(text));
  EXPECT_FALSE(format_npy(ir::Tensor::from_values<std::string>({1}, {"\xff"})).ok());
  EXPECT_FALSE(format_npy(ir::Tensor()).ok());
}

TEST(Npy, WritesWhatNumPyWrites) {
  const std::string bytes = format_npy(ir::Tensor::from_values<std::uint8_t>({2}, {1, 2})).value();
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }";
  header.resize(117, ' ');
  EXPECT_EQ(bytes.size() % 64, 2);
  EXPECT_THAT(bytes, HasSubstr(header.substr(0, 57)));
  EXPECT_EQ(bytes.substr(bytes.size() - 3), "\n\1\2");
}

TEST(Npy, ReadsBigEndianFortranOrder) {
  // np.asfortranarray(np.arange(6, dtype='>i2').reshape(2, 3))
  const std::string bytes = npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n",
                                std::string("\0\0\0\3\0\1\0\4\0\2\0\5", 12));
  const ir::Tensor tensor = parse_npy(as_bytes(bytes)).value();
  EXPECT_THAT(tensor.data<std::int16_t>(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(tensor.dims(), ElementsAre(2, 3));
}

TEST(Npy, ReadsVersions2And3AndBytesAndBooleans) {
  for (const char major : {'\2', '\3'}) {
    const std::string bytes =
        npy("{'shape': (2, 1,), 'fortran_order': False, 'descr': '|b1'}", "\2\0", major);
    const std::string whole = bytes.size() > 72 ? bytes : bytes + std::string(1, '\0');
    EXPECT_THAT(parse_npy(as_bytes(whole)).value().data<bool>(), ElementsAre(true, false));
  }
  const std::string text =
      npy("{'descr': '|S3', 'fortran_order': False, 'shape': (2,)}", std::string("ab\0xyz", 6));
  EXPECT_THAT(parse_npy(as_bytes(text)).value().data<std::string>(), ElementsAre("ab", "xyz"));
  const std::string wide =
      npy("{'descr': '>U1', 'fortran_order': False, 'shape': (1L,)}", std::string("\0\0\0\xe9", 4));
  EXPECT_THAT(parse_npy(as_bytes(wide)).value().data<std::string>(), ElementsAre("é"));
}

TEST(Npy, RefusesMalformedFiles) {
  const std::string good =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "12345678");
  ASSERT_TRUE(parse_npy(as_bytes(good)).ok());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_npy(as_bytes(good).first(size)).ok()) << size;
  }
  EXPECT_THAT(error_of(good + "x"), HasSubstr("holds 9 bytes"));
  EXPECT_THAT(error_of("PK\3\4 and more than that"), HasSubstr("not an .npy file"));
  const auto with = [](std::string_view descr, std::string_view order, std::string_view shape) {
    return npy(
        fmt::format("{{'descr': {}, 'fortran_order': {}, 'shape': {}}}", descr, order, shape),
        "12345678");
  };
  EXPECT_THAT(error_of(with("'<f4'", "False", "(1099511627776, 1099511627776)")),
              HasSubstr("too many elements"));
  for (const char* type : {"'<f4'", "'|S0'"}) {
    EXPECT_THAT(error_of(with(type, "False", "(4611686018427387903,)")),
                HasSubstr("too many elements"));
    EXPECT_THAT(error_of(with(type, "False", "(1125899906842624,)")), HasSubstr("holds 8 bytes"));
  }
  EXPECT_THAT(error_of(with("'<f4'", "False", "(99999999999999999999,)")), HasSubstr("extent"));
  EXPECT_THAT(error_of(with("'<f4'", "False", "(-2,)")), HasSubstr("extent"));
  EXPECT_THAT(error_of(with("'<f4'", "Maybe", "(2,)")), HasSubstr("True or False"));
  EXPECT_THAT(error_of(with("'<c4'", "False", "(1,)")), HasSubstr("descr '<c4'"));
  EXPECT_THAT(error_of(with("'|O'", "False", "(1,)")), HasSubstr("descr '|O'"));
  EXPECT_THAT(error_of(with("[('a', '<i4')]", "False", "(1,)")), HasSubstr("quoted string"));
  EXPECT_THAT(error_of(with("'<U2'", "False", "(1,)")), HasSubstr("no character"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'shape': (2,)}", "12345678")),
              HasSubstr("not all there"));
  EXPECT_THAT(error_of(npy("{'descr': '<f4', 'descr': '<f4'}", "")), HasSubstr("repeated"));
}

TEST(Npy, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  const Path path = folder.write("x.npy", "nonsense");
  EXPECT_THAT(read_npy(path).error().message(), HasSubstr("x.npy: not an .npy file"));
}

TEST(Unicode, RefusesWhatIsNotUtf8) {
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff"}) {
    EXPECT_FALSE(decode_utf8(bad).ok());
  }
  std::string text;
  const std::u32string points = decode_utf8("aé日🙂").value();
  for (const char32_t point : points) append_utf8(text, point);
  EXPECT_EQ(text, "aé日🙂");
  EXPECT_FALSE(append_utf8(text, 0xd800));
  EXPECT_FALSE(append_utf8(text, 0x110000));
}

}  // namespace
}  // namespace lathe::data

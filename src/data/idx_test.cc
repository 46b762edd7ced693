#include "data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/test_files.h"
#include "data/test_gzip.h"

namespace lathe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(const std::string& bytes) {
  const Result<ir::Tensor> tensor = parse_idx(as_bytes(bytes));
  return tensor.ok() ? "no error" : tensor.error().message();
}

const std::string kSmall("\0\0\x0b\2\0\0\0\2\0\0\0\1\1\2\xff\xfe", 16);  // int16 [2,1]

TEST(Idx, ReadsPlainAndGzipped) {
  for (const std::string& bytes : {kSmall, gzip(kSmall)}) {
    const ir::Tensor tensor = parse_idx(as_bytes(bytes)).value();
    EXPECT_THAT(tensor.dims(), ElementsAre(2, 1));
    EXPECT_THAT(tensor.data<std::int16_t>(), ElementsAre(0x102, -2));
  }
}

TEST(Idx, ReadsEveryElementType) {
  const auto file = [](char code, std::string_view body) {
    return std::string("\0\0", 2) + code + std::string("\1\0\0\0\1", 5) + std::string(body);
  };
  EXPECT_EQ(parse_idx(as_bytes(file('\x08', "\xff"))).value().get_double(0), 255);
  EXPECT_EQ(parse_idx(as_bytes(file('\x09', "\xff"))).value().get_double(0), -1);
  EXPECT_EQ(parse_idx(as_bytes(file('\x0c', "\xff\xff\xff\xfe"))).value().get_double(0), -2);
  const std::string_view one("\x3f\x80\0\0", 4);
  EXPECT_EQ(parse_idx(as_bytes(file('\x0d', one))).value().get_double(0), 1);
  const std::string_view two("\x40\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(parse_idx(as_bytes(file('\x0e', two))).value().get_double(0), 2);
  EXPECT_THAT(error_of(file('\x0a', "1")), HasSubstr("element type 0x0a"));
}

TEST(Idx, EveryTruncationIsAnError) {
  for (const std::string& bytes : {kSmall, gzip(kSmall)}) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(parse_idx(as_bytes(bytes).first(size)).ok()) << size;
    }
  }
}

TEST(Idx, RefusesWhatFollows) {
  EXPECT_THAT(error_of(kSmall + "x"), HasSubstr("1 bytes follow"));
  EXPECT_THAT(error_of(gzip(kSmall + "x")), HasSubstr("goes on after"));
  EXPECT_THAT(error_of(gzip(kSmall) + "x"), HasSubstr("1 bytes follow"));
  // A bomb: decompression stops where the header says.
  EXPECT_THAT(error_of(gzip(kSmall + std::string(10'000'000, '\0'))), HasSubstr("goes on after"));
}

TEST(Idx, RefusesDamage) {
  EXPECT_THAT(error_of("\x89PNG"), HasSubstr("not an IDX file"));
  std::string sum = gzip(kSmall);
  sum[sum.size() - 6] = static_cast<char>(sum[sum.size() - 6] ^ 1);
  EXPECT_THAT(error_of(sum), HasSubstr("incorrect data check"));
  EXPECT_THAT(error_of(std::string("\0\0\x08\0", 4)), HasSubstr("0 dimensions"));
  EXPECT_THAT(error_of(std::string("\0\0\x08\x40", 4)), HasSubstr("64 dimensions"));
  const std::string huge =
      std::string("\0\0\x0e\3", 4) + std::string(12, '\x7f') + std::string(8, '\0');
  EXPECT_THAT(error_of(huge), HasSubstr("too many elements"));
  const std::string large = std::string("\0\0\x08\1\x7f\xff\xff\xff", 8) + std::string(8, '\0');
  EXPECT_THAT(error_of(large), HasSubstr("more than the file's 16 bytes"));
  EXPECT_THAT(error_of(gzip(large)), HasSubstr("can hold"));
}

TEST(Idx, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(read_idx(folder.write("labels", "xx")).error().message(),
              HasSubstr("labels: IDX header"));
}

}  // namespace
}  // namespace lathe::data

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/npy.h"
#include "data/test_files.h"
#include "data/zip.h"

namespace lathe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// np.savez_compressed(b, x=np.arange(40, dtype='<f4').reshape(4, 10) // 7, y=np.array([1, 0, 1,
// 1]))
constexpr std::string_view kDeflated =
    "504b03042d0000000800000021008a8d57daffffffffffffffff05001400782e6e707901001000200100000000"
    "00005a000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498"
    "179f5f94920a12774bcc294e058a17672416a402f91a263a0a86069a3a0ab50ae4022e06bca0c11e376670c08d"
    "1df0e0063c7801060600504b03042d000000080000002100c110c8caffffffffffffffff05001400792e6e7079"
    "01001000a0000000000000004b000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a1"
    "aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91a263a9a3a0ab50a14002e460654"
    "c088460300504b01022d032d0000000800000021008a8d57da5a00000020010000050000000000000000000000"
    "800100000000782e6e7079504b01022d032d000000080000002100c110c8ca4b000000a0000000050000000000"
    "000000000000800191000000792e6e7079504b0506000000000200020066000000130100000000";

// np.savez(b, y=np.array([1, 2], dtype='u1'))
constexpr std::string_view kStored =
    "504b03042d0000000000000021006202655fffffffffffffffff05001400792e6e707901001000820000000000"
    "00008200000000000000934e554d5059010076007b276465736372273a20277c7531272c2027666f727472616e"
    "5f6f72646572273a2046616c73652c20277368617065273a2028322c292c207d20202020202020202020202020"
    "202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
    "20200a0102504b01022d032d0000000000000021006202655f8200000082000000050000000000000000000000"
    "800100000000792e6e7079504b0506000000000100010033000000b90000000000";

std::string error_of(std::string_view bytes) {
  const auto arrays = parse_npz(as_bytes(bytes));
  return arrays.ok() ? "no error" : arrays.error().message();
}

void put32(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

TEST(Npz, ReadsWhatNumPyWrites) {
  const auto deflated = parse_npz(as_bytes(from_hex(kDeflated))).value();
  ASSERT_EQ(deflated.size(), 2);
  EXPECT_THAT(deflated.at("x").dims(), ElementsAre(4, 10));
  EXPECT_EQ(deflated.at("x").data<float>()[39], 5);
  EXPECT_THAT(deflated.at("y").data<std::int64_t>(), ElementsAre(1, 0, 1, 1));
  const auto stored = parse_npz(as_bytes(from_hex(kStored))).value();
  EXPECT_THAT(stored.at("y").data<std::uint8_t>(), ElementsAre(1, 2));
}

TEST(Npz, RoundTrips) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "a.npz";
  const std::map<std::string, ir::Tensor> arrays{
      {"inputs", ir::Tensor::from_values<float>({2, 2}, {1, 2, 3, 4})},
      {"labels", ir::Tensor::from_values<std::int64_t>({2}, {7, -1})}};
  ASSERT_TRUE(write_npz(path, arrays).ok());
  const auto back = read_npz(path).value();
  ASSERT_EQ(back.size(), 2);
  for (const auto& [name, array] : arrays) EXPECT_TRUE(back.at(name).identical(array)) << name;
}

TEST(Npz, ReadsZip64AndSkipsOtherMembers) {
  ZipWriter writer(/*force_zip64=*/true);
  writer.add("readme.txt", "hello");
  writer.add("a.npy", format_npy(ir::Tensor::scalar(3)).value());
  const std::string archive = writer.finish();
  const auto arrays = parse_npz(as_bytes(archive)).value();
  ASSERT_EQ(arrays.size(), 1);
  EXPECT_EQ(arrays.at("a").data<std::int32_t>()[0], 3);
  const std::vector<ZipMember> members = read_zip_directory(as_bytes(archive)).value();
  EXPECT_EQ(extract(as_bytes(archive), members[0]).value(), "hello");
  // A comment at the end moves the end record away from the end.
  std::string commented = archive;
  commented[commented.size() - 2] = 5;
  EXPECT_EQ(parse_npz(as_bytes(commented + "12345")).value().size(), 1);
}

TEST(Npz, EveryTruncationIsAnError) {
  for (const std::string_view hex : {kDeflated, kStored}) {
    const std::string bytes = from_hex(hex);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(parse_npz(as_bytes(bytes).first(size)).ok()) << size;
    }
  }
}

TEST(Npz, RefusesDamage) {
  const std::string good = from_hex(kDeflated);
  std::string flipped = good;
  flipped[70] = static_cast<char>(flipped[70] ^ 1);
  EXPECT_FALSE(parse_npz(as_bytes(flipped)).ok());

  const std::size_t directory = good.find("PK\1\2");
  std::string wrong_sum = good;
  put32(wrong_sum, directory + 16, 1);
  EXPECT_THAT(error_of(wrong_sum), HasSubstr("x.npy: checksum"));
  std::string bomb = good;
  put32(bomb, directory + 24, 4'000'000'000);
  EXPECT_THAT(error_of(bomb), HasSubstr("cannot be compressed"));
  std::string longer = good;
  put32(longer, directory + 24, 300);
  EXPECT_THAT(error_of(longer), HasSubstr("ends 12 bytes early"));
  std::string shorter = good;
  put32(shorter, directory + 24, 200);
  EXPECT_THAT(error_of(shorter), HasSubstr("goes on after"));
  std::string far_away = good;
  put32(far_away, directory + 42, 0x7fffffff);
  EXPECT_THAT(error_of(far_away), HasSubstr("no header at"));
  std::string overlapping = good;
  put32(overlapping, directory + 20, static_cast<std::uint32_t>(good.size()) - 10);
  EXPECT_THAT(error_of(overlapping), HasSubstr("more bytes than the archive"));
  std::string encrypted = good;
  encrypted[directory + 8] = 1;
  EXPECT_THAT(error_of(encrypted), HasSubstr("encrypted"));
  std::string method = good;
  method[directory + 10] = 14;
  EXPECT_THAT(error_of(method), HasSubstr("method 14"));
  std::string many = good;
  many[good.size() - 12] = '\x7f';
  EXPECT_THAT(error_of(many), HasSubstr("zip directory"));
  EXPECT_THAT(error_of("no archive at all, but long enough"), HasSubstr("not a zip archive"));
}

TEST(Npz, RefusesEqualNames) {
  ZipWriter writer;
  writer.add("a.npy", "");
  writer.add("a.npy", "");
  EXPECT_THAT(error_of(writer.finish()), HasSubstr("two members a.npy"));
}

}  // namespace
}  // namespace lathe::data

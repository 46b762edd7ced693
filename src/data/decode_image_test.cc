#include "data/decode_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

#include "base/random.h"
#include "data/encode_image.h"
#include "data/exif_orientation.h"
#include "data/test_files.h"

namespace lathe::data {
namespace {

using testing::HasSubstr;

struct Fixture {
  const char* name;
  const char* hex;
  int height, width, channels;
  std::vector<std::uint8_t> pixels;
};

const std::vector<Fixture>& fixtures() {
  static const std::vector<Fixture> kFixtures{
#include "data/image_fixtures.inc"
  };
  return kFixtures;
}

std::string fixture_bytes(std::string_view name) {
  for (const Fixture& fixture : fixtures()) {
    if (fixture.name == name) return from_hex(fixture.hex);
  }
  fatal("no such fixture");
}

// A PNG of the given extents in which nothing but the header is true.
std::string lying_png(std::uint32_t width, std::uint32_t height) {
  std::string bytes = encode_png(synthetic_image(2, 2, 1)).value();
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  // The header chunk's checksum (CRC-32, bitwise).
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<std::uint8_t>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  put(29, ~crc);
  return bytes;
}

TEST(DecodeImage, ReadsWhatPillowReads) {
  for (const Fixture& fixture : fixtures()) {
    const std::string bytes = from_hex(fixture.hex);
    const Result<Image> image = decode_image(as_bytes(bytes));
    ASSERT_TRUE(image.ok()) << fixture.name << ": " << image.error().message();
    EXPECT_EQ(image->height, fixture.height) << fixture.name;
    EXPECT_EQ(image->width, fixture.width) << fixture.name;
    EXPECT_EQ(image->channels, fixture.channels) << fixture.name;
    ASSERT_EQ(image->pixels.size(), fixture.pixels.size()) << fixture.name;
    for (std::size_t i = 0; i < fixture.pixels.size(); ++i) {
      // CMYK is combined with another rounding than Pillow's.
      EXPECT_NEAR(image->pixels[i], fixture.pixels[i], 1) << fixture.name << ", value " << i;
    }
    const ImageInfo info = read_image_info(as_bytes(bytes)).value();
    EXPECT_EQ(info, (ImageInfo{fixture.width, fixture.height, fixture.channels})) << fixture.name;
  }
}

TEST(DecodeImage, PngRoundTrips) {
  for (const int channels : {1, 3}) {
    const Image image = synthetic_image(13, 17, channels);
    const std::string bytes = encode_png(image).value();
    EXPECT_EQ(decode_image(as_bytes(bytes)).value(), image);
  }
  EXPECT_FALSE(encode_png(Image{}).ok());
  EXPECT_FALSE(encode_png(Image{2, 2, 3, {1, 2, 3}}).ok());
}

TEST(DecodeImage, EveryTruncationIsAnError) {
  for (const Fixture& fixture : fixtures()) {
    const std::string bytes = from_hex(fixture.hex);
    // The last two bytes of a JPEG file are its end marker, without which libjpeg still warns.
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_image(as_bytes(bytes).first(size)).ok())
          << fixture.name << " cut to " << size;
    }
  }
}

TEST(DecodeImage, DamageIsAnErrorOrAnImage) {
  Random random(7);
  for (const Fixture& fixture : fixtures()) {
    for (int round = 0; round < 200; ++round) {
      std::string bytes = from_hex(fixture.hex);
      for (int i = 0; i < 3; ++i) {
        bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] =
            static_cast<char>(random.below(256));
      }
      const Result<Image> image = decode_image(as_bytes(bytes), 1 << 20);
      if (image.ok()) {
        EXPECT_EQ(image->pixels.size(),
                  image->row_bytes() * static_cast<std::size_t>(image->height));
      }
    }
  }
}

TEST(DecodeImage, RefusesWrongChecksumsInPng) {
  std::string bytes = encode_png(synthetic_image(8, 8, 3)).value();
  bytes[bytes.size() - 20] = static_cast<char>(bytes[bytes.size() - 20] ^ 1);
  EXPECT_FALSE(decode_image(as_bytes(bytes)).ok());
}

TEST(DecodeImage, RefusesTooManyPixelsBeforeAllocating) {
  const Result<Image> huge = decode_image(as_bytes(lying_png(1'000'000, 1'000'000)));
  ASSERT_FALSE(huge.ok());
  EXPECT_EQ(huge.error().code(), ErrorCode::kResourceExhausted);
  const Result<Image> large = decode_image(as_bytes(lying_png(9000, 9000)));
  ASSERT_FALSE(large.ok());
  EXPECT_THAT(large.error().message(), HasSubstr("cannot hold 9000x9000"));

  std::string jpeg = fixture_bytes("gray jpeg");
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  for (std::size_t i = 5; i < 9; ++i) jpeg[frame + i] = '\x7f';
  const Result<Image> wide = decode_image(as_bytes(jpeg));
  ASSERT_FALSE(wide.ok());
  EXPECT_EQ(wide.error().code(), ErrorCode::kResourceExhausted);
}

TEST(DecodeImage, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  const Path path = folder.write("cat.jpg", "GIF89a");
  EXPECT_THAT(load_image(path).error().message(),
              HasSubstr("cat.jpg: a GIF file; JPEG, PNG and BMP can be read"));
  folder.write("cat.jpg", "hello");
  EXPECT_THAT(load_image(path).error().message(), HasSubstr("cat.jpg: no JPEG, PNG or BMP file"));
  EXPECT_EQ(load_image(folder.path() / "none.png").error().code(), ErrorCode::kNotFound);
}

TEST(DecodeImage, RefusesBitmapsThatLie) {
  const std::string good = fixture_bytes("8-bit bmp with a palette");
  const auto error_with = [&](std::size_t at, std::string_view bytes) {
    std::string damaged = good;
    damaged.replace(at, bytes.size(), bytes);
    const Result<Image> image = decode_image(as_bytes(damaged));
    return image.ok() ? "no error" : image.error().message();
  };
  using namespace std::string_view_literals;
  EXPECT_THAT(error_with(10, "\xff\xff\xff\x7f"sv), HasSubstr("the pixels begin at byte"));
  EXPECT_THAT(error_with(10, "\x37\0\0\0"sv), HasSubstr("reaches into the pixels"));
  EXPECT_THAT(error_with(14, "\x0c"sv), HasSubstr("a header of 12 bytes"));
  EXPECT_THAT(error_with(18, "\0\0\0\0"sv), HasSubstr("0x2 pixels"));
  EXPECT_THAT(error_with(18, "\0\0\0\x80"sv), HasSubstr("pixels"));
  EXPECT_THAT(error_with(18, "\xff\xff\xff\x7f"sv), HasSubstr("is more than"));
  EXPECT_THAT(error_with(18, "\xff\xff\0\0"sv), HasSubstr("cannot hold 65535x2"));
  EXPECT_THAT(error_with(22, "\0\0\0\x80"sv), HasSubstr("2147483648 pixels"));
  EXPECT_THAT(error_with(28, "\x02"sv), HasSubstr("2 bits per pixel"));
  EXPECT_THAT(error_with(30, "\x01"sv), HasSubstr("only uncompressed"));
  EXPECT_THAT(error_with(46, "\x01\x01"sv), HasSubstr("257 colours in 8 bits"));
  EXPECT_THAT(error_with(46, "\x02"sv), HasSubstr("colour 2 of a palette of 2"));

  std::string masks = fixture_bytes("16-bit bmp with masks");
  masks[54] = '\x05';
  EXPECT_THAT(decode_image(as_bytes(masks)).error().message(), HasSubstr("the colour mask"));
}

TEST(ExifOrientation, IgnoresMalformedBlocks) {
  EXPECT_EQ(exif_orientation({}), 1);
  const std::string upside_down("MM\0*\0\0\0\x8\0\1\1\x12\0\3\0\0\0\1\0\3\0\0\0\0\0\0", 26);
  EXPECT_EQ(exif_orientation(as_bytes(upside_down)), 3);
  for (std::size_t size = 0; size < 20; ++size) {
    EXPECT_EQ(exif_orientation(as_bytes(upside_down).first(size)), 1) << size;
  }
  std::string far_away = upside_down;
  far_away[4] = '\xff';
  EXPECT_EQ(exif_orientation(as_bytes(far_away)), 1);
  std::string unknown = upside_down;
  unknown[19] = 9;
  EXPECT_EQ(exif_orientation(as_bytes(unknown)), 1);
}

}  // namespace
}  // namespace lathe::data

#include "data/preprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/geometry.h"
#include "data/test_files.h"

namespace lathe::data {
namespace {

using testing::HasSubstr;

Preprocess imagenet() {
  return {.height = 4,
          .width = 6,
          .channels = Channels::kRgb,
          .mean = {0.485F, 0.456F, 0.406F},
          .std = {0.229F, 0.224F, 0.225F}};
}

std::string parse_error(std::string_view text) {
  const Metadata metadata{{std::string(kPreprocessKey), std::string(text)}};
  const auto preprocess = read_preprocess(metadata);
  return preprocess.ok() ? "no error" : preprocess.error().message();
}

TEST(Preprocess, IsPixelBy255MinusMeanOverDeviation) {
  const Preprocess preprocess = imagenet();
  const Image image = synthetic_image(4, 6, 3);
  const ir::Tensor input = apply(preprocess, image);
  ASSERT_EQ(input.dims(), (std::vector<std::int64_t>{3, 4, 6}));
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 4; ++y) {
      for (int x = 0; x < 6; ++x) {
        const auto k = static_cast<std::size_t>(c);
        const float pixel = static_cast<float>(image.row(y)[3 * x + c]) / 255.0F;
        EXPECT_EQ(input.data<float>()[static_cast<std::size_t>((c * 4 + y) * 6 + x)],
                  (pixel - preprocess.mean[k]) / preprocess.std[k]);
      }
    }
  }
  std::vector<float> out(72);
  apply_into(preprocess, image, out);
  EXPECT_TRUE(std::ranges::equal(out, input.data<float>()));
}

TEST(Preprocess, ChangesChannels) {
  Preprocess preprocess{
      .height = 3, .width = 3, .channels = Channels::kBgr, .mean = {0, 0, 0}, .std = {1, 1, 1}};
  const Image image = synthetic_image(3, 3, 3);
  const ir::Tensor bgr = apply(preprocess, image);
  EXPECT_EQ(bgr.data<float>()[0], static_cast<float>(image.pixels[2]) / 255.0F);
  EXPECT_EQ(bgr.data<float>()[18], static_cast<float>(image.pixels[0]) / 255.0F);

  const Preprocess gray{
      .height = 3, .width = 3, .channels = Channels::kGray, .mean = {0}, .std = {1}};
  const float first = luma(image.pixels[0], image.pixels[1], image.pixels[2]);
  EXPECT_EQ(apply(gray, image).data<float>()[0], first / 255.0F);

  const Image one = synthetic_image(3, 3, 1);
  const ir::Tensor repeated = apply(preprocess, one);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(repeated.data<float>()[9 * c + 4], static_cast<float>(one.pixels[4]) / 255.0F);
  }
}

TEST(Preprocess, CutsTheCentreAfterResizingTheShorterSide) {
  Preprocess preprocess{.height = 8,
                        .width = 8,
                        .channels = Channels::kGray,
                        .resize_short = 10,
                        .mean = {0},
                        .std = {1}};
  const Image image = synthetic_image(20, 50, 1);
  const Image expected = crop(resize(image, 10, 25), 1, 8, 8, 8);  // 8.5 rounds to even
  EXPECT_EQ(Preprocessor(preprocess).fit(image), expected);
  // A strip of extreme proportions costs no more than its part that is wanted.
  preprocess.resize_short = 16384;
  const Image strip = synthetic_image(1, 200'000, 1);
  EXPECT_EQ(Preprocessor(preprocess).fit(strip).width, 8);
}

TEST(Preprocess, JsonRoundTrips) {
  Preprocess preprocess = imagenet();
  EXPECT_EQ(to_json(preprocess).dump(),
            R"({"channels":"rgb","mean":[0.485,0.456,0.406],"resize":"bilinear","size":[4,6],)"
            R"("std":[0.229,0.224,0.225]})");
  preprocess.resize = ResizeMethod::kArea;
  preprocess.resize_short = 256;
  preprocess.mean[0] = 1.0F / 3;
  Metadata metadata;
  EXPECT_FALSE(read_preprocess(metadata).value().has_value());
  write_preprocess(preprocess, metadata);
  EXPECT_EQ(read_preprocess(metadata).value(), preprocess);
}

TEST(Preprocess, RefusesBadJson) {
  const auto with = [](const char* key, const char* value) {
    nlohmann::json json = to_json(imagenet());
    json[key] = nlohmann::json::parse(value);
    return parse_error(json.dump());
  };
  EXPECT_THAT(parse_error("{"), HasSubstr("lathe.preprocess: not JSON"));
  EXPECT_THAT(parse_error("[]"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(parse_error("{}"), HasSubstr("no \"size\""));
  EXPECT_THAT(parse_error(std::string(100'000, '[')), HasSubstr("not JSON"));
  EXPECT_THAT(parse_error(std::string(100'000, '[') + std::string(100'000, ']')),
              HasSubstr("nested more than"));
  EXPECT_THAT(with("size", "[224]"), HasSubstr("[height, width]"));
  EXPECT_THAT(with("size", "[0,224]"), HasSubstr("size 0x224"));
  EXPECT_THAT(with("size", "[-1,224]"), HasSubstr("-1"));
  EXPECT_THAT(with("size", "[18446744073709551615,1]"), HasSubstr("above 16384"));
  EXPECT_THAT(with("size", "[1e3,1]"), HasSubstr("not an integer"));
  EXPECT_THAT(with("channels", "\"rgba\""), HasSubstr("expected gray, rgb or bgr"));
  EXPECT_THAT(with("channels", "\"gray\""), HasSubstr("3 means"));
  EXPECT_THAT(with("channels", "1"), HasSubstr("expected a string"));
  EXPECT_THAT(with("resize", "\"cubic\""), HasSubstr("cubic"));
  EXPECT_THAT(with("resize_short", "5"), HasSubstr("resize_short 5"));
  EXPECT_THAT(with("mean", "[0,0]"), HasSubstr("2 means"));
  EXPECT_THAT(with("mean", "[0,0,\"x\"]"), HasSubstr("no number"));
  EXPECT_THAT(with("mean", "[0,0,1e99]"), HasSubstr("finite"));
  EXPECT_THAT(with("std", "[1,1,0]"), HasSubstr("std 0"));
  EXPECT_THAT(with("std", "[1,1,1e-45]"), HasSubstr("above 0 and finite"));
  EXPECT_THAT(with("std", "{}"), HasSubstr("array"));
  EXPECT_THAT(with("crop", "1"), HasSubstr("\"crop\": unknown key"));
}

TEST(Labels, RoundTripAndRefuse) {
  Metadata metadata;
  EXPECT_FALSE(read_labels(metadata).value().has_value());
  const std::vector<std::string> labels{"T-shirt/top", "a \"quoted\" one", "日本"};
  write_labels(labels, metadata);
  EXPECT_EQ(read_labels(metadata).value(), labels);
  write_labels(std::vector<std::string>{"not \xff UTF-8"}, metadata);
  EXPECT_TRUE(read_labels(metadata).ok());
  metadata[std::string(kLabelsKey)] = "[1]";
  EXPECT_THAT(read_labels(metadata).error().message(), HasSubstr("element 0 is not a string"));
  metadata[std::string(kLabelsKey)] = "{}";
  EXPECT_THAT(read_labels(metadata).error().message(), HasSubstr("expected a JSON array"));
}

}  // namespace
}  // namespace lathe::data

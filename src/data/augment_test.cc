#include "data/augment.h"

#include <gtest/gtest.h>

#include "data/color.h"
#include "data/geometry.h"
#include "data/test_files.h"

namespace lathe::data {
namespace {

TEST(Geometry, FlipsAndCrops) {
  const Image image = synthetic_image(3, 5, 3);
  const Image flipped = flip_horizontal(image);
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 5; ++x) {
      for (int c = 0; c < 3; ++c) {
        EXPECT_EQ(flipped.row(y)[3 * x + c], image.row(y)[3 * (4 - x) + c]);
      }
    }
  }
  EXPECT_EQ(flip_horizontal(flipped), image);
  EXPECT_EQ(crop(image, 0, 0, 3, 5), image);
  const Image shifted = crop(image, -1, 2, 3, 5);
  EXPECT_EQ(shifted.row(0)[0], 0);
  EXPECT_EQ(shifted.row(1)[0], image.row(0)[6]);
  EXPECT_EQ(shifted.row(1)[9], 0);
  EXPECT_EQ(crop(image, 10, 10, 2, 2), make_image(2, 2, 3));
  EXPECT_EQ(crop(image, -10, -10, 2, 2), make_image(2, 2, 3));
  EXPECT_EQ(center_crop(image, 1, 3), crop(image, 1, 1, 1, 3));
  EXPECT_EQ(center_crop(center_crop(image, 9, 9), 3, 5), image);
}

TEST(Geometry, QuarterTurnsAreExact) {
  const Image image = synthetic_image(5, 5, 3);
  EXPECT_EQ(rotate(image, 0), image);
  const Image quarter = rotate(image, 90);
  for (int y = 1; y < 4; ++y) {
    for (int x = 1; x < 4; ++x) {  // counter-clockwise: the right side comes to the top
      EXPECT_NEAR(quarter.row(y)[3 * x], image.row(x)[3 * (4 - y)], 1);
    }
  }
}

TEST(Color, KnownValues) {
  Image image{2, 1, 3, {200, 100, 50, 10, 10, 10}};
  Image bright = image;
  adjust_brightness(bright, 1.5F);
  EXPECT_EQ(bright.pixels, (std::vector<std::uint8_t>{255, 150, 75, 15, 15, 15}));
  Image flat = image;
  adjust_contrast(flat, 0);
  for (const std::uint8_t value : flat.pixels) EXPECT_EQ(value, flat.pixels[0]);
  Image gray = image;
  adjust_saturation(gray, 0);
  EXPECT_EQ(gray.pixels[0], luma(200, 100, 50));
  EXPECT_EQ(gray.pixels[1], gray.pixels[2]);
  Image same = image;
  adjust_hue(same, 0);
  EXPECT_EQ(same, image);
  adjust_hue(same, 1.0F / 3);  // red becomes green
  EXPECT_EQ(same.pixels, (std::vector<std::uint8_t>{50, 200, 100, 10, 10, 10}));
  adjust_hue(same, -1.0F / 3);
  EXPECT_EQ(same, image);
}

TEST(Augment, IsAFunctionOfTheSeed) {
  const Augmentation all{.rotation_degrees = 15,
                         .random_crop_padding = 4,
                         .horizontal_flip = true,
                         .brightness = 0.2F,
                         .contrast = 0.2F,
                         .saturation = 0.2F,
                         .hue = 0.1F};
  ASSERT_TRUE(check(all).ok());
  for (const int channels : {1, 3}) {
    const Image image = synthetic_image(16, 12, channels);
    const auto run = [&](std::int64_t epoch, std::int64_t index) {
      Random random = sample_random(5, epoch, index);
      return augment(image, all, random);
    };
    EXPECT_EQ(run(1, 2), run(1, 2));
    EXPECT_NE(run(1, 2), run(2, 1));
    EXPECT_NE(run(1, 2), run(1, 3));
    EXPECT_EQ(run(1, 2).pixels.size(), image.pixels.size());
  }
}

TEST(Augment, FlipsHalfAndReachesEveryOffset) {
  Image image = make_image(3, 3, 1);
  image.pixels = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  int flips = 0;
  std::vector<int> corner(10);
  for (int i = 0; i < 1000; ++i) {
    Random random = sample_random(1, 0, i);
    flips += augment(image, {.horizontal_flip = true}, random).pixels[0] == 3 ? 1 : 0;
    random = sample_random(1, 0, i);
    ++corner[augment(image, {.random_crop_padding = 1}, random).pixels[4]];
  }
  EXPECT_NEAR(flips, 500, 80);
  for (int value = 1; value <= 9; ++value) {
    EXPECT_NEAR(corner[static_cast<std::size_t>(value)], 111, 60) << value;
  }
}

TEST(Augment, RefusesNonsense) {
  EXPECT_FALSE(Augmentation{}.any());
  EXPECT_TRUE(check(Augmentation{}).ok());
  EXPECT_FALSE(check({.rotation_degrees = 181}).ok());
  EXPECT_FALSE(check({.random_crop_padding = -1}).ok());
  EXPECT_FALSE(check({.brightness = -0.1F}).ok());
  EXPECT_FALSE(check({.hue = 0.6F}).ok());
  EXPECT_FALSE(check({.saturation = std::numeric_limits<float>::quiet_NaN()}).ok());
}

}  // namespace
}  // namespace lathe::data

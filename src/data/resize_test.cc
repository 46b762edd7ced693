#include "data/resize.h"

#include <gtest/gtest.h>
#include <vector>

#include "data/geometry.h"
#include "data/test_files.h"

namespace lathe::data {
namespace {

struct Reference {
  int height, width, channels;
  int out_height, out_width;
  ResizeMethod method;
  std::vector<std::uint8_t> pixels;
};

const std::vector<Reference>& references() {
  static const std::vector<Reference> kReferences{
#include "data/resize_reference.inc"
  };
  return kReferences;
}

constexpr ResizeMethod kMethods[] = {ResizeMethod::kBilinear, ResizeMethod::kBilinearNoAntialias,
                                     ResizeMethod::kArea};

TEST(Resize, EqualsPillowAndOpenCv) {
  for (const Reference& reference : references()) {
    const Image image =
        resize(synthetic_image(reference.height, reference.width, reference.channels),
               reference.out_height, reference.out_width, reference.method);
    ASSERT_EQ(image.pixels.size(), reference.pixels.size());
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      EXPECT_NEAR(image.pixels[i], reference.pixels[i], 1)
          << resize_method_name(reference.method) << " " << reference.height << "x"
          << reference.width << " to " << reference.out_height << "x" << reference.out_width
          << ", value " << i;
    }
  }
}

TEST(Resize, KeepsAnImageOfTheSameSize) {
  const Image image = synthetic_image(9, 7, 3);
  for (const ResizeMethod method : kMethods) EXPECT_EQ(resize(image, 9, 7, method), image);
}

TEST(Resize, KeepsAConstantImage) {
  Image image = make_image(37, 23, 3);
  std::ranges::fill(image.pixels, std::uint8_t{201});
  for (const ResizeMethod method : kMethods) {
    for (const auto& [height, width] : {std::pair(5, 4), {61, 3}, {80, 90}, {1, 1}}) {
      for (const std::uint8_t value : resize(image, height, width, method).pixels) {
        ASSERT_EQ(value, 201) << resize_method_name(method) << " " << height << "x" << width;
      }
    }
  }
}

TEST(Resize, AWindowIsAPartOfTheWhole) {
  const Image image = synthetic_image(31, 45, 3);
  for (const ResizeMethod method : kMethods) {
    for (const auto& [height, width] : {std::pair(13, 19), {64, 90}, {20, 90}}) {
      const Image whole = resize(image, height, width, method);
      EXPECT_EQ(resize_window(image, height, width, {3, 5, 8, 11}, method),
                crop(whole, 3, 5, 8, 11))
          << resize_method_name(method);
    }
  }
}

TEST(Resize, AWindowOfAHugeImageIsCheap) {
  const Image strip = synthetic_image(1, 100'000, 3);
  const Image part = resize_window(strip, 256, 25'600'000, {16, 12'799'888, 224, 224});
  EXPECT_EQ(part.height, 224);
  EXPECT_EQ(part.width, 224);
}

TEST(Resize, NamesRoundTrip) {
  for (const ResizeMethod method : kMethods) {
    EXPECT_EQ(parse_resize_method(resize_method_name(method)).value(), method);
  }
  EXPECT_FALSE(parse_resize_method("cubic").ok());
}

}  // namespace
}  // namespace lathe::data

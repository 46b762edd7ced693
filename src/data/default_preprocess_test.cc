#include "data/default_preprocess.h"

#include <cmath>
#include <gtest/gtest.h>

#include "data/encode_image.h"
#include "data/memory_dataset.h"
#include "data/test_files.h"

namespace lathe::data {
namespace {

TEST(DefaultPreprocess, MeasuresMeanAndDeviation) {
  ir::Tensor pixels = ir::Tensor::zeros(ir::DataType::kUint8, {2, 1, 2, 3});
  const double values[] = {0, 51, 255, 0, 51, 255, 255, 51, 255, 255, 51, 0};
  for (std::int64_t i = 0; i < 12; ++i) pixels.set_double(i, values[i]);
  const auto dataset = make_image_dataset("x", pixels, {0, 0}, {"a"}).value();
  const Preprocess preprocess = default_preprocess(*dataset).value();
  EXPECT_EQ(preprocess.height, 1);
  EXPECT_EQ(preprocess.width, 2);
  EXPECT_EQ(preprocess.channels, Channels::kRgb);
  EXPECT_EQ(preprocess.resize_short, 0);
  EXPECT_EQ(preprocess.mean, (std::vector<float>{0.5F, 0.2F, 0.75F}));
  EXPECT_EQ(preprocess.std, (std::vector<float>{0.5F, 1, 0.433F}));  // a constant channel stays
  EXPECT_EQ(default_preprocess(*dataset, 1).value().mean[0], 0);
}

TEST(DefaultPreprocess, CropsWhereSizesVary) {
  const TemporaryFolder folder;
  folder.write("train/a/1.png", encode_png(synthetic_image(30, 20, 1)).value());
  folder.write("train/a/2.png", encode_png(synthetic_image(10, 40, 3)).value());
  folder.write("train/a/3.png", "broken");
  folder.write("test/a/1.png", "broken");
  const std::string spec = "images:" + folder.path().string();
  const auto dataset = open_dataset(spec, Split::kTrain).value();
  const Preprocess preprocess = default_preprocess(*dataset).value();
  EXPECT_EQ(preprocess.height, 224);
  EXPECT_EQ(preprocess.resize_short, 256);
  EXPECT_TRUE(check(preprocess).ok());
  EXPECT_GT(preprocess.std[0], 0.1F);
  EXPECT_FALSE(open_dataset(spec, Split::kTest).ok());  // none of its images can be read
}

TEST(DefaultPreprocess, KnowsFashionMnist) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  }
  const auto dataset = open_dataset("fashion-mnist", Split::kTrain).value();
  const Preprocess preprocess = default_preprocess(*dataset).value();
  EXPECT_EQ(preprocess.channels, Channels::kGray);
  EXPECT_NEAR(preprocess.mean[0], 0.2860, 0.005);  // of all 60,000
  EXPECT_NEAR(preprocess.std[0], 0.3530, 0.005);
}

TEST(DefaultPreprocess, RefusesFeatures) {
  const ir::Tensor x = ir::Tensor::zeros(ir::DataType::kFloat32, {1, 4});
  EXPECT_FALSE(default_preprocess(*make_feature_dataset("x", x, {0}, {"a"}).value()).ok());
}

}  // namespace
}  // namespace lathe::data

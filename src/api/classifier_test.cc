#include "lathe/classifier.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "data/encode_image.h"
#include "data/preprocess.h"
#include "formats/onnx/write_onnx.h"
#include "ir/graph.h"

namespace lathe {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::filesystem::path test_folder() {
  const auto folder = std::filesystem::path(LATHE_BINARY_DIR) / "test_files" / "api_classifier";
  std::filesystem::create_directories(folder);
  return folder;
}

// The mean of each colour channel of a 2 x 2 image is the score of its class.
struct ColorModel {
  bool softmax = false;
  bool preprocess = true;
  bool open = false;  // the image's height and width
  std::vector<std::string> labels = {"red", "green", "blue"};
  float scale = 1;

  [[nodiscard]] Model load(std::string_view name) const {
    ir::Graph graph;
    const ir::ValueId image = graph.add_input(
        "image", {ir::DataType::kFloat32,
                  ir::Shape{ir::Dim::symbol("N"), 3, open ? ir::Dim::symbol("H") : ir::Dim(2),
                            open ? ir::Dim::symbol("W") : ir::Dim(2)}});
    const ir::ValueId factor = graph.add_constant("factor", ir::Tensor::scalar(scale));
    const ir::ValueId mean = graph.add("GlobalAveragePool", std::array{image});
    const ir::ValueId flat = graph.add("Flatten", std::array{mean}, {{"axis", std::int64_t{1}}});
    ir::ValueId output = graph.add("Mul", std::array{flat, factor});
    if (softmax) output = graph.add("Softmax", std::array{output}, {{"axis", std::int64_t{-1}}});
    graph.set_outputs({output});
    if (preprocess) {
      data::write_preprocess({.height = 2,
                              .width = 2,
                              .channels = data::Channels::kRgb,
                              .mean = {0, 0, 0},
                              .std = {1, 1, 1}},
                             graph.metadata);
    }
    if (!labels.empty()) data::write_labels(labels, graph.metadata);
    const std::filesystem::path path = test_folder() / std::string(name);
    const Status written = formats::write_onnx(graph, path);
    EXPECT_TRUE(written.ok()) << written.error().message();
    return Model::load(path).value();
  }
};

constexpr std::array<std::uint8_t, 3> kTeal = {0, 255, 102};
constexpr ImageView kTealPixel{.height = 1, .width = 1, .channels = 3, .pixels = kTeal};

void expect_teal(const std::vector<ClassScore>& scores) {
  const double sum = std::exp(1.0) + std::exp(0.4) + 1.0;
  ASSERT_THAT(scores, SizeIs(3));
  EXPECT_EQ(scores[0].index, 1);
  EXPECT_EQ(scores[1].index, 2);
  EXPECT_EQ(scores[2].index, 0);
  EXPECT_NEAR(scores[0].probability, std::exp(1.0) / sum, 1e-5);
  EXPECT_NEAR(scores[1].probability, std::exp(0.4) / sum, 1e-5);
  EXPECT_NEAR(scores[2].probability, 1.0 / sum, 1e-5);
}

TEST(Classifier, RanksClassesByProbability) {
  for (const bool softmax : {false, true}) {
    const Model model = ColorModel{.softmax = softmax}.load("softmax.onnx");
    Expected<Classifier> classifier = Classifier::create(model, {.threads = 1});
    ASSERT_TRUE(classifier.ok()) << classifier.failure().message();
    const Expected<std::vector<ClassScore>> scores = classifier->classify(kTealPixel);
    ASSERT_TRUE(scores.ok()) << scores.failure().message();
    expect_teal(*scores);
    EXPECT_EQ(scores->front().label, "green");
    EXPECT_THAT(classifier->classify(kTealPixel, 1).value(), SizeIs(1));
    EXPECT_THAT(classifier->classify(kTealPixel, 0).value(), SizeIs(0));
  }
}

TEST(Classifier, DoesWithoutLabels) {
  Classifier classifier = Classifier::create(ColorModel{.labels = {}}.load("bare.onnx")).value();
  const std::vector<ClassScore> scores = classifier.classify(kTealPixel).value();
  expect_teal(scores);
  EXPECT_EQ(scores[0].label, "");
}

TEST(Classifier, DecodesFiles) {
  Classifier classifier = Classifier::create(ColorModel{}.load("files.onnx")).value();
  const data::Image image{.width = 1, .height = 1, .channels = 3, .pixels = {0, 255, 102}};
  const std::string png = data::encode_png(image).value();
  expect_teal(classifier.classify(std::as_bytes(std::span(png))).value());

  const std::filesystem::path path = test_folder() / "teal.png";
  ASSERT_TRUE(write_file_atomic(path, png).ok());
  expect_teal(classifier.classify(path).value());
  EXPECT_FALSE(classifier.classify(std::as_bytes(std::span(png).first(20))).ok());
  const auto missing = classifier.classify("no/such/image.png");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.failure().kind(), Failure::Kind::kNotFound);
}

TEST(Classifier, RefusesPixelsThatDoNotFit) {
  Classifier classifier = Classifier::create(ColorModel{}.load("pixels.onnx")).value();
  for (const ImageView& image : {ImageView{2, 1, 3, kTeal}, ImageView{1, 1, 2, kTeal},
                                 ImageView{0, 1, 3, {}}, ImageView{-1, -1, 3, kTeal}}) {
    const auto scores = classifier.classify(image);
    ASSERT_FALSE(scores.ok());
    EXPECT_EQ(scores.failure().kind(), Failure::Kind::kInvalidArgument);
  }
}

TEST(Classifier, SaysWhatTheModelLacks) {
  const auto plain = Classifier::create(ColorModel{.preprocess = false}.load("plain.onnx"));
  ASSERT_FALSE(plain.ok());
  EXPECT_THAT(plain.failure().message(), HasSubstr("lathe.preprocess"));
  const auto labels = Classifier::create(ColorModel{.labels = {"red"}}.load("labels.onnx"));
  ASSERT_FALSE(labels.ok());
  EXPECT_THAT(labels.failure().message(), HasSubstr("1 labels for 3 classes"));
}

TEST(Classifier, WantsImagesOfOneSize) {
  const Model model = ColorModel{.open = true}.load("open.onnx");
  const auto open = Classifier::create(model);
  ASSERT_FALSE(open.ok());
  EXPECT_THAT(open.failure().message(), HasSubstr("extent"));
  auto fixed = Classifier::create(model, {.dimensions = {{"H", 2}, {"W", 2}}});
  ASSERT_TRUE(fixed.ok()) << fixed.failure().message();
  EXPECT_TRUE(fixed->classify(kTealPixel).ok());
}

TEST(Classifier, RefusesScoresThatAreNotFinite) {
  Classifier classifier =
      Classifier::create(
          ColorModel{.scale = std::numeric_limits<float>::infinity()}.load("inf.onnx"))
          .value();
  const auto scores = classifier.classify(kTealPixel);
  ASSERT_FALSE(scores.ok());
  EXPECT_THAT(scores.failure().message(), HasSubstr("not finite"));
}

}  // namespace
}  // namespace lathe

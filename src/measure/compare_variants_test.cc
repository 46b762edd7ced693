#include "measure/compare_variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/npy.h"
#include "formats/model_file.h"
#include "ir/architectures.h"
#include "ops/infer_shapes.h"

namespace lathe::measure {
namespace {

using testing::SizeIs;

data::Preprocess gray() {
  return {.height = 8,
          .width = 8,
          .channels = data::Channels::kGray,
          .resize = {},
          .resize_short = 0,
          .mean = {0.5F},
          .std = {0.25F}};
}

class CompareVariants : public testing::Test {
 protected:
  void SetUp() override {
    const Path images = Path(testing::TempDir()) / "compare_variants_test.npz";
    ir::Tensor x = ir::Tensor::zeros(ir::DataType::kUint8, {24, 8, 8});
    ir::Tensor y = ir::Tensor::zeros(ir::DataType::kInt64, {24});
    for (std::int64_t i = 0; i < x.num_elements(); ++i)
      x.mutable_data<std::uint8_t>()[static_cast<std::size_t>(i)] =
          static_cast<std::uint8_t>(i * 37 % 251);
    for (std::size_t i = 0; i < 24; ++i)
      y.mutable_data<std::int64_t>()[i] = static_cast<std::int64_t>(i % 3);
    ASSERT_TRUE(
        data::write_npz(images, {{"x_train", x}, {"y_train", y}, {"x_test", x}, {"y_test", y}})
            .ok());
    auto opened = data::open_dataset("npz:" + images.string(), data::Split::kTest);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    test_ = *opened;
    for (const std::uint64_t seed : {1, 2, 3}) {
      ir::Graph graph =
          ir::make_architecture(
              "cnn", {.channels = 1, .height = 8, .width = 8, .classes = 3, .seed = seed})
              .value();
      ASSERT_TRUE(ops::infer_shapes(graph).ok());
      const std::string file =
          (Path(testing::TempDir()) / ("variant" + std::to_string(seed) + ".onnx")).string();
      ASSERT_TRUE(formats::save_model(graph, file).ok());
      graphs_.push_back(std::move(graph));
      files_.push_back(file);
    }
    for (std::size_t i = 0; i < graphs_.size(); ++i)
      sources_.push_back({"variant " + std::to_string(i), files_[i], &graphs_[i]});
    options_.seconds = 0.02;
    options_.examples = 2;
    options_.preprocess = gray();
  }

  std::shared_ptr<const data::Dataset> test_;
  std::vector<ir::Graph> graphs_;
  std::vector<std::string> files_;
  std::vector<VariantSource> sources_;
  CompareVariantsOptions options_;
};

TEST_F(CompareVariants, MeasuresAnyNumberOfThem) {
  const auto comparison = compare_variants(sources_, test_, options_);
  ASSERT_TRUE(comparison.ok()) << comparison.error().message();
  EXPECT_FALSE(comparison->interrupted);
  ASSERT_THAT(comparison->variants, SizeIs(3));
  for (std::size_t i = 0; i < 3; ++i) {
    const Variant& variant = comparison->variants[i];
    EXPECT_EQ(variant.name, sources_[i].name);
    EXPECT_EQ(variant.model, files_[i]);
    EXPECT_EQ(variant.samples, 24);
    EXPECT_THAT(variant.ranks, SizeIs(24));
    EXPECT_GT(variant.p50_ms, 0);
    EXPECT_GT(variant.size_bytes, 1000);
    EXPECT_GT(variant.batch_normalizations, 0);
    EXPECT_GE(variant.top5, variant.top1);
  }
  ASSERT_FALSE(comparison->layers.empty());
  for (const LayerTimes& layer : comparison->layers) {
    ASSERT_THAT(layer.variants, SizeIs(3)) << layer.name;
    for (const LayerTime& time : layer.variants) EXPECT_GE(time.ms, 0) << layer.name;
  }
  ASSERT_THAT(comparison->examples, SizeIs(2));
  for (const Example& example : comparison->examples) EXPECT_THAT(example.predicted, SizeIs(3));

  const nlohmann::json json = variants_json(comparison->variants);
  ASSERT_EQ(json.size(), 3U);
  EXPECT_FALSE(json[0].contains("top1_change"));
  for (const char* key : {"name", "model", "top1", "top5", "samples", "size_bytes", "parameters",
                          "macs", "arena_bytes", "p50_ms", "p90_ms", "p99_ms", "mean_ms",
                          "top1_change", "top1_change_low", "top1_change_high"}) {
    EXPECT_TRUE(json[2].contains(key)) << key;
  }
}

TEST_F(CompareVariants, KeepsWhatItMeasuredWhenStopped) {
  bool evaluating = false;
  options_.on_progress = [&](std::string_view, std::int64_t, std::int64_t) { evaluating = true; };
  options_.stop_requested = [&] { return evaluating; };
  const auto comparison = compare_variants(sources_, test_, options_);
  ASSERT_TRUE(comparison.ok()) << comparison.error().message();
  EXPECT_TRUE(comparison->interrupted);
  ASSERT_THAT(comparison->variants, SizeIs(3));
  EXPECT_GT(comparison->variants[2].p50_ms, 0);
  EXPECT_EQ(comparison->variants[2].samples, -1);
  EXPECT_TRUE(comparison->layers.empty());
  EXPECT_FALSE(variants_json(comparison->variants)[2].contains("top1"));
}

TEST_F(CompareVariants, SaysWhichOneFails) {
  sources_[1].file = "/nonexistent.onnx";
  const auto missing = compare_variants(sources_, test_, options_);
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message(), testing::HasSubstr("/nonexistent.onnx"));
  sources_[1].file = files_[1];
  options_.preprocess = std::nullopt;  // and the models' metadata has none
  EXPECT_THAT(compare_variants(sources_, test_, options_).error().message(),
              testing::HasSubstr("--preprocess"));
}

}  // namespace
}  // namespace lathe::measure

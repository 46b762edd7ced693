#include "data/loader.h"

#include <algorithm>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

#include "data/default_preprocess.h"
#include "data/encode_image.h"
#include "data/image_cache.h"
#include "data/memory_dataset.h"
#include "data/test_files.h"

namespace lathe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// `count` gray images of 4 x 4, labelled by their number.
std::shared_ptr<const Dataset> make_images(std::int64_t count) {
  ir::Tensor pixels = ir::Tensor::zeros(ir::DataType::kUint8, {count, 4, 4, 1});
  std::vector<std::int64_t> labels;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) {
    const Image image = synthetic_image(4, 4, 1, static_cast<int>(i));
    std::ranges::copy(image.pixels, pixels.mutable_data<std::uint8_t>().begin() + 16 * i);
    labels.push_back(i);
    names.push_back(std::to_string(i));
  }
  return make_image_dataset("numbered", pixels, labels, names).value();
}

struct Epoch {
  std::vector<float> inputs;
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> batch_sizes;
  bool operator==(const Epoch&) const = default;
};

Epoch run_epoch(Loader& loader, std::int64_t number) {
  Epoch epoch;
  loader.start_epoch(number);
  for (;;) {
    const std::optional<Batch> batch = loader.next().value();
    if (!batch) break;
    const auto inputs = batch->inputs.data<float>();
    epoch.inputs.insert(epoch.inputs.end(), inputs.begin(), inputs.end());
    const auto labels = batch->labels.data<std::int64_t>();
    epoch.labels.insert(epoch.labels.end(), labels.begin(), labels.end());
    epoch.batch_sizes.push_back(batch->labels.num_elements());
    EXPECT_EQ(batch->inputs.dim(0), batch->labels.dim(0));
    EXPECT_EQ(batch->indices.size(), labels.size());
  }
  EXPECT_FALSE(loader.next().value().has_value());
  return epoch;
}

TEST(Loader, YieldsEverySampleInOrder) {
  Loader loader(make_images(10), std::nullopt, {.batch_size = 4, .workers = 2});
  EXPECT_EQ(loader.batches_per_epoch(), 3);
  const Epoch epoch = run_epoch(loader, 0);
  EXPECT_THAT(epoch.batch_sizes, ElementsAre(4, 4, 2));
  std::vector<std::int64_t> expected(10);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(epoch.labels, expected);
  const Image third = synthetic_image(4, 4, 1, 3);
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(epoch.inputs[48 + i], static_cast<float>(third.pixels[i]) / 255.0F);
  }
  Loader dropping(make_images(10), std::nullopt, {.batch_size = 4, .drop_last = true});
  EXPECT_THAT(run_epoch(dropping, 0).batch_sizes, ElementsAre(4, 4));
}

TEST(Loader, GivesTheSameWhateverTheNumberOfWorkers) {
  const auto dataset = make_images(203);
  LoaderOptions options{.batch_size = 8,
                        .shuffle = true,
                        .seed = 9,
                        .augmentation = {.rotation_degrees = 10,
                                         .random_crop_padding = 1,
                                         .horizontal_flip = true,
                                         .brightness = 0.3F}};
  std::vector<Epoch> epochs;
  for (const int workers : {1, 3}) {
    options.workers = workers;
    options.prefetch_batches = workers;
    Loader loader(dataset, default_preprocess(*dataset).value(), options);
    run_epoch(loader, 4);
    epochs.push_back(run_epoch(loader, 5));
  }
  EXPECT_EQ(epochs[0], epochs[1]);
  Loader other(dataset, default_preprocess(*dataset).value(), options);
  const Epoch next = run_epoch(other, 6);
  EXPECT_NE(next.labels, epochs[0].labels);
  std::vector<std::int64_t> sorted = next.labels;
  std::ranges::sort(sorted);
  EXPECT_EQ(std::ranges::unique(sorted).begin(), sorted.end());
  EXPECT_EQ(sorted.size(), 203);
}

TEST(Loader, AnEpochMayBeAbandoned) {
  Loader loader(make_images(100), std::nullopt, {.batch_size = 3, .shuffle = true, .workers = 3});
  const Epoch whole = run_epoch(loader, 1);
  for (int i = 0; i < 20; ++i) {
    loader.start_epoch(i);
    for (int taken = 0; taken < i % 4; ++taken) ASSERT_TRUE(loader.next().ok());
  }
  EXPECT_EQ(run_epoch(loader, 1), whole);
  loader.start_epoch(2);  // destroyed while its workers are busy
}

TEST(Loader, GivesFeaturesAsTheyAre) {
  const auto x = ir::Tensor::from_values<std::int32_t>({3, 2}, {1, 2, 3, 4, 5, 6});
  const auto dataset = make_feature_dataset("x", x, {0, 1, 0}, {"a", "b"}).value();
  Loader loader(dataset, std::nullopt, {.batch_size = 2});
  const Epoch epoch = run_epoch(loader, 0);
  EXPECT_THAT(epoch.inputs, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(epoch.labels, ElementsAre(0, 1, 0));
}

// A folder with `good` readable images of class a, then `bad` others of class b.
std::shared_ptr<const Dataset> write_folder(const TemporaryFolder& folder, int good, int bad) {
  for (int i = 0; i < good; ++i) {
    folder.write(fmt::format("train/a/{:03}.png", i),
                 encode_png(synthetic_image(6, 6, 3, i)).value());
  }
  for (int i = 0; i < bad; ++i) folder.write(fmt::format("train/b/{:03}.png", i), "broken");
  folder.write("test/a/0.png", "broken");
  return open_dataset("images:" + folder.path().string(), Split::kTrain).value();
}

TEST(Loader, CountsAndNamesCorruptSamples) {
  const TemporaryFolder folder;
  const auto dataset = write_folder(folder, 5, 12);
  Loader loader(dataset, std::nullopt, {.batch_size = 4, .workers = 2});
  const Epoch epoch = run_epoch(loader, 0);
  EXPECT_THAT(epoch.batch_sizes, ElementsAre(4, 1));
  EXPECT_EQ(loader.corrupt_samples(), 12);
  ASSERT_EQ(loader.first_corrupt_messages().size(), 10);
  EXPECT_THAT(loader.first_corrupt_messages()[0], HasSubstr("b/000.png: no JPEG, PNG or BMP file"));
  EXPECT_EQ(run_epoch(loader, 1), epoch);
  EXPECT_EQ(loader.corrupt_samples(), 12);

  Loader strict(dataset, std::nullopt, {.batch_size = 4, .workers = 2, .strict = true});
  strict.start_epoch(0);
  EXPECT_TRUE(strict.next().ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(strict.next().error().message(), HasSubstr("b/000.png"));
  }
}

TEST(Loader, AnEpochOfNothingIsAnError) {
  // Headers that can be read, so that the folder opens, and nothing behind them.
  const TemporaryFolder folder;
  const std::string image = encode_png(synthetic_image(6, 6, 3)).value();
  for (const char* name : {"0", "1", "2"}) {
    folder.write(fmt::format("train/a/{}.png", name), image.substr(0, image.size() / 2));
  }
  folder.write("test/a/0.png", image);
  const auto dataset = open_dataset("images:" + folder.path().string(), Split::kTrain).value();
  Loader loader(dataset, Preprocess{.height = 2, .width = 2, .mean = {0, 0, 0}, .std = {1, 1, 1}},
                {.batch_size = 2});
  loader.start_epoch(0);
  EXPECT_THAT(loader.next().error().message(), HasSubstr("none of 3 samples can be read"));
}

TEST(Loader, CachesWithinItsBudget) {
  const TemporaryFolder folder;
  const auto dataset = write_folder(folder, 9, 1);
  std::vector<Epoch> epochs;
  for (const std::int64_t budget : {0, 500, 1 << 20}) {
    Loader loader(dataset, std::nullopt,
                  {.batch_size = 2,
                   .workers = 2,
                   .augmentation = {.horizontal_flip = true},
                   .cache_bytes = budget});
    run_epoch(loader, 0);
    epochs.push_back(run_epoch(loader, 1));
  }
  EXPECT_EQ(epochs[0], epochs[1]);
  EXPECT_EQ(epochs[0], epochs[2]);

  ImageCache cache(3, static_cast<std::int64_t>(2 * (sizeof(Image) + 12)));
  for (int i = 0; i < 3; ++i) cache.offer(i, synthetic_image(2, 2, 3, i));
  cache.offer(0, synthetic_image(2, 2, 3, 7));
  EXPECT_EQ(*cache.find(0), synthetic_image(2, 2, 3, 0));
  EXPECT_EQ(*cache.find(1), synthetic_image(2, 2, 3, 1));
  EXPECT_EQ(cache.find(2), nullptr);
}

TEST(Loader, CachedImagesSurviveTheirFiles) {
  const TemporaryFolder folder;
  const auto dataset = write_folder(folder, 4, 0);
  Loader loader(dataset, std::nullopt, {.batch_size = 2});
  const Epoch first = run_epoch(loader, 0);
  std::filesystem::remove_all(folder.path() / "train");
  EXPECT_EQ(run_epoch(loader, 0), first);
}

TEST(Loader, SaysWhatIsWrongWithItsArguments) {
  const auto error_of = [](Loader& loader) {
    loader.start_epoch(0);
    const auto batch = loader.next();
    return batch.ok() ? "no error" : batch.error().message();
  };
  Loader none(make_images(2), std::nullopt, {.batch_size = 0});
  EXPECT_THAT(error_of(none), HasSubstr("batch size 0"));
  Loader jitter(make_images(2), std::nullopt, {.augmentation = {.hue = 3}});
  EXPECT_THAT(error_of(jitter), HasSubstr("hue 3"));
  Loader wrong(make_images(2), Preprocess{}, {});
  EXPECT_THAT(error_of(wrong), HasSubstr("preprocess: size 0x0"));
  Loader early(make_images(2), std::nullopt, {});
  EXPECT_THAT(early.next().error().message(), HasSubstr("no epoch"));
  early.start_epoch(0);
  EXPECT_TRUE(early.next().ok());

  const TemporaryFolder folder;
  folder.write("train/a/1.png", encode_png(synthetic_image(3, 2, 1)).value());
  folder.write("train/a/2.png", encode_png(synthetic_image(2, 3, 1)).value());
  folder.write("test/a/2.png", encode_png(synthetic_image(2, 3, 1)).value());
  Loader varying(open_dataset("images:" + folder.path().string(), Split::kTrain).value(),
                 std::nullopt, {});
  EXPECT_THAT(error_of(varying), HasSubstr("vary in size"));
}

TEST(Loader, ReadsCifar10Jpegs) {
  const Path archive = Path(LATHE_SOURCE_DIR) / "../shared/data/cifar10-jpeg.tar.zst";
  if (!std::filesystem::exists(archive)) GTEST_SKIP() << archive << " is absent";
  const TemporaryFolder folder;
  const std::string command = fmt::format(
      "zstd -dcq '{}' | tar -x -C '{}' --wildcards 'test/*/00[0-4]?.jpg' "
      "'train/*/000?.jpg'",
      archive.string(), folder.path().string());
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "zstd or tar cannot unpack " << archive;
  const auto dataset = open_dataset("images:" + folder.path().string(), Split::kTest).value();
  EXPECT_EQ(dataset->size(), 500);
  EXPECT_THAT(dataset->sample_shape(), ElementsAre(3, 32, 32));
  EXPECT_EQ(dataset->class_names()[3], "cat");
  Loader loader(dataset, default_preprocess(*dataset).value(), {.batch_size = 64, .strict = true});
  const Epoch epoch = run_epoch(loader, 0);
  EXPECT_EQ(epoch.labels.size(), 500);
  const double mean = std::accumulate(epoch.inputs.begin(), epoch.inputs.end(), 0.0) /
                      static_cast<double>(epoch.inputs.size());
  EXPECT_NEAR(mean, 0, 0.01);
}

}  // namespace
}  // namespace lathe::data

#include "data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "data/memory_dataset.h"
#include "data/npy.h"
#include "data/test_files.h"
#include "data/test_gzip.h"

namespace lathe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(const std::string& spec, Split split = Split::kTrain,
                     const DatasetOptions& options = {}) {
  const auto dataset = open_dataset(spec, split, options);
  return dataset.ok() ? "no error" : dataset.error().message();
}

// An IDX file of bytes.
std::string idx(std::vector<std::uint32_t> dims, std::string_view body) {
  std::string out("\0\0\x08", 3);
  out.push_back(static_cast<char>(dims.size()));
  for (const std::uint32_t extent : dims) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(extent >> shift));
  }
  return out + std::string(body);
}

TEST(IsPartOfDataset, KnowsTheFilesOfEachKind) {
  const TemporaryFolder folder;
  const std::string root = folder.path().string();
  const Path labels = folder.write("train-labels-idx1-ubyte", "");
  const Path zipped = folder.write("train-images-idx3-ubyte.gz", "");
  const Path batch = folder.write("data_batch_1.bin", "");
  const Path image = folder.write("train/cat/a.PNG", "");
  const Path archive = folder.write("data.npz", "");
  const Path other = folder.write("model.onnx", "");
  EXPECT_TRUE(is_part_of_dataset(labels, "mnist:" + root));
  EXPECT_TRUE(is_part_of_dataset(zipped, "fashion-mnist:" + root + "/."));
  EXPECT_TRUE(is_part_of_dataset(batch, "cifar10:" + root));
  EXPECT_TRUE(is_part_of_dataset(image, "images:" + root));
  EXPECT_TRUE(is_part_of_dataset(root + "/train/../data.npz", "npz:" + archive.string()));
  std::filesystem::create_symlink(image, folder.path() / "link.onnx");
  EXPECT_TRUE(is_part_of_dataset(folder.path() / "link.onnx", "images:" + root));
  for (const char* kind : {"mnist:", "idx:", "cifar10:", "images:", "npz:", "nothing:"}) {
    EXPECT_FALSE(is_part_of_dataset(other, kind + root)) << kind;
    EXPECT_FALSE(is_part_of_dataset(folder.path() / "new.png", kind + root)) << kind;
    EXPECT_FALSE(is_part_of_dataset(root, kind + root)) << kind;
  }
  EXPECT_FALSE(is_part_of_dataset(image, "images:" + root + "/train/dog"));
  EXPECT_FALSE(is_part_of_dataset(labels, "images:" + root));
}

TEST(OpenDataset, ReadsIdxFolders) {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte.gz", gzip(idx({3, 1, 2}, "abcdef")));
  folder.write("train-labels-idx1-ubyte", idx({3}, std::string("\1\0\2", 3)));
  const std::string spec = "idx:" + folder.path().string();
  const auto dataset = open_dataset(spec, Split::kTrain).value();
  EXPECT_EQ(dataset->name(), spec);
  EXPECT_EQ(dataset->size(), 3);
  EXPECT_TRUE(dataset->is_images());
  EXPECT_TRUE(dataset->in_memory());
  EXPECT_THAT(dataset->sample_shape(), ElementsAre(1, 1, 2));
  EXPECT_THAT(dataset->class_names(), ElementsAre("0", "1", "2"));
  EXPECT_EQ(dataset->describe(1), "sample 1");
  const Sample sample = dataset->get(2).value();
  EXPECT_EQ(sample.label, 2);
  EXPECT_EQ(sample.image, (Image{2, 1, 1, {'e', 'f'}}));

  EXPECT_THAT(error_of(spec, Split::kTest), HasSubstr("t10k-images-idx3-ubyte"));
  EXPECT_THAT(error_of("fashion-mnist:" + folder.path().string(), Split::kTest),
              HasSubstr("apt install dataset-fashion-mnist"));
  const auto fashion =
      open_dataset("fashion-mnist:" + folder.path().string(), Split::kTrain).value();
  EXPECT_EQ(fashion->class_names()[9], "Ankle boot");

  folder.write("train-labels-idx1-ubyte", idx({2}, "\1\2"));
  EXPECT_THAT(error_of(spec), HasSubstr("3 samples, but 2 labels"));
  folder.write("train-labels-idx1-ubyte", idx({3}, "\1\2\x63"));
  EXPECT_THAT(error_of("fashion-mnist:" + folder.path().string()),
              HasSubstr("train-labels-idx1-ubyte: sample 2: label 99"));
}

TEST(OpenDataset, TakesBothSplitsOfIdxFolders) {
  const TemporaryFolder folder;
  const std::string spec = "idx:" + folder.path().string();
  folder.write("train-images-idx3-ubyte", idx({3, 1, 2}, "abcdef"));
  folder.write("train-labels-idx1-ubyte", idx({3}, std::string("\1\0\2", 3)));
  const auto alone = open_dataset(spec, Split::kAll).value();
  EXPECT_EQ(alone->size(), 3);
  EXPECT_THAT(alone->origin().notes,
              ElementsAre(spec + ": no test split is there, all is 3 samples without it"));
  folder.write("t10k-images-idx3-ubyte", idx({1, 1, 2}, "gh"));
  for (const Split split : {Split::kAll, Split::kTest}) {
    EXPECT_THAT(error_of(spec, split), HasSubstr("no file t10k-labels-idx1-ubyte or "
                                                 "t10k-labels-idx1-ubyte.gz; there is "
                                                 "t10k-images-idx3-ubyte"));
  }
  folder.write("t10k-labels-idx1-ubyte", idx({1}, "\5"));
  EXPECT_THAT(open_dataset(spec, Split::kAll).value()->origin().notes, testing::IsEmpty());
  const auto all = open_dataset(spec, Split::kAll).value();
  EXPECT_EQ(all->size(), 4);
  EXPECT_EQ(all->class_names().size(), 6);
  EXPECT_EQ(all->describe(1), "train sample 1");
  EXPECT_EQ(all->describe(3), "test sample 0");
  EXPECT_EQ(all->label(3), 5);
  EXPECT_EQ(all->get(3).value().image, (Image{2, 1, 1, {'g', 'h'}}));
  EXPECT_THAT(error_of(spec, Split::kValidation), HasSubstr("no validation split"));
  folder.write("t10k-images-idx3-ubyte", idx({1, 2, 1}, "gh"));
  EXPECT_THAT(error_of(spec, Split::kAll), HasSubstr("train holds images of shape [1,1,2], test"));
}

TEST(OpenDataset, ReadsDebiansFashionMnist) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  }
  const auto test = open_dataset("fashion-mnist", Split::kTest).value();
  EXPECT_EQ(test->size(), 10'000);
  EXPECT_THAT(test->sample_shape(), ElementsAre(1, 28, 28));
  EXPECT_EQ(test->class_names()[static_cast<std::size_t>(test->get(0).value().label)],
            "Ankle boot");
  std::vector<int> counts(10);
  for (std::int64_t i = 0; i < test->size(); ++i) {
    ++counts[static_cast<std::size_t>(test->label(i))];
  }
  EXPECT_THAT(counts, testing::Each(1000));
}

TEST(OpenDataset, ReadsCifar10Batches) {
  const TemporaryFolder folder;
  std::string record(3073, '\0');
  record[0] = 4;
  record[1] = '\x11';                // red of the first pixel
  record[1 + 1024] = '\x22';         // its green
  record[1 + 2048] = '\x33';         // its blue
  record[1 + 1024 + 1023] = '\x44';  // green of the last pixel
  folder.write("test_batch.bin", record + record);
  const std::string spec = "cifar10:" + folder.path().string();
  const auto dataset = open_dataset(spec, Split::kTest).value();
  EXPECT_EQ(dataset->size(), 2);
  const Sample sample = dataset->get(1).value();
  EXPECT_EQ(dataset->class_names()[static_cast<std::size_t>(sample.label)], "deer");
  EXPECT_THAT(std::span(sample.image.pixels).first(3), ElementsAre(0x11, 0x22, 0x33));
  EXPECT_EQ(sample.image.pixels[3072 - 2], 0x44);

  EXPECT_THAT(error_of(spec, Split::kTrain), HasSubstr("cs.toronto.edu"));
  folder.write("test_batch.bin", record + "x");
  EXPECT_THAT(error_of(spec, Split::kTest), HasSubstr("multiple of 3073"));
  record[0] = 10;
  folder.write("test_batch.bin", record);
  EXPECT_THAT(error_of(spec, Split::kTest), HasSubstr("label 10"));
  folder.write("batches.meta.txt", "a\nb\n");
  EXPECT_THAT(error_of(spec, Split::kTest), HasSubstr("2 names"));
}

TEST(OpenDataset, RefusesSomeOfTheBatchesOfCifar10) {
  const TemporaryFolder folder;
  const std::string record(3073, '\0');
  folder.write("test_batch.bin", record);
  const std::string spec = "cifar10:" + folder.path().string();
  EXPECT_THAT(open_dataset(spec, Split::kAll).value()->origin().notes,
              ElementsAre(spec + ": no train split is there, all is 1 sample without it"));
  for (const char* batch : {"1", "2", "4", "5"}) {
    folder.write(fmt::format("data_batch_{}.bin", batch), record);
  }
  for (const Split split : {Split::kAll, Split::kTrain}) {
    EXPECT_THAT(error_of(spec, split),
                testing::AllOf(HasSubstr("data_batch_3.bin"),
                               HasSubstr("there are 4 of the 5 batches of the train split")));
  }
}

TEST(OpenDataset, ReadsNpz) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "d.npz";
  const std::string spec = "npz:" + path.string();
  const auto labels = ir::Tensor::from_values<std::int32_t>({2, 1}, {0, 1});
  const auto features = ir::Tensor::from_values<double>({2, 2}, {1, 2, 3, 4});
  ASSERT_TRUE(write_npz(path, {{"x_train", features},
                               {"y_train", labels},
                               {"x_test", features},
                               {"y_test", ir::Tensor::from_values<std::int32_t>({2}, {2, 0})}})
                  .ok());
  const auto train = open_dataset(spec, Split::kTrain).value();
  EXPECT_FALSE(train->is_images());
  EXPECT_THAT(train->sample_shape(), ElementsAre(2));
  EXPECT_EQ(train->class_names().size(), 3);  // those of both splits
  EXPECT_THAT(train->get(1).value().features.data<float>(), ElementsAre(3, 4));
  EXPECT_EQ(open_dataset(spec, Split::kTest).value()->label(0), 2);

  ir::Tensor planar = ir::Tensor::zeros(ir::DataType::kUint8, {2, 3, 2, 5});
  for (std::int64_t i = 0; i < 60; ++i) planar.set_double(i, static_cast<double>(i));
  ASSERT_TRUE(write_npz(path, {{"x_train", planar}, {"y_train", labels}}).ok());
  const auto images = open_dataset(spec, Split::kTrain).value();
  EXPECT_TRUE(images->is_images());
  EXPECT_THAT(images->sample_shape(), ElementsAre(3, 2, 5));
  const Image image = images->get(1).value().image;
  EXPECT_THAT(std::span(image.pixels).first(6), ElementsAre(30, 40, 50, 31, 41, 51));
  EXPECT_THAT(error_of(spec, Split::kTest),
              HasSubstr("no array x_test; there are: x_train uint8[2,3,2,5]"));

  ASSERT_TRUE(write_npz(path, {{"x", planar}, {"y", features}}).ok());
  EXPECT_THAT(error_of(spec), HasSubstr("expected integer class numbers"));
  ASSERT_TRUE(
      write_npz(path, {{"x", planar}, {"y", ir::Tensor::from_values<std::int64_t>({2}, {0, -1})}})
          .ok());
  EXPECT_THAT(error_of(spec), HasSubstr("y: sample 1: label -1"));
  ASSERT_TRUE(write_npz(path, {{"x_train", planar},
                               {"y_train", labels},
                               {"y_test", ir::Tensor::from_values<std::int64_t>({3}, {0, 1, -7})}})
                  .ok());
  EXPECT_THAT(error_of(spec), HasSubstr("y_test: sample 2: label -7"));
  ASSERT_TRUE(
      write_npz(path, {{"x", planar}, {"y", ir::Tensor::from_values<std::int64_t>({1}, {0})}})
          .ok());
  EXPECT_THAT(error_of(spec), HasSubstr("2 samples, but 1 labels"));
  EXPECT_EQ(open_dataset("npz:/nonexistent.npz", Split::kTrain).error().code(),
            ErrorCode::kNotFound);
}

TEST(OpenDataset, NpzTellsWhatItDoesNotRead) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "d.npz";
  const std::string spec = "npz:" + path.string();
  const auto x = ir::Tensor::from_values<float>({2, 1}, {1, 2});
  const auto y = ir::Tensor::from_values<std::int32_t>({2}, {0, 1});
  ASSERT_TRUE(
      write_npz(
          path,
          {{"x_train", x}, {"y_train", y}, {"x_val", x}, {"y_val", y}, {"ids", y}, {"x_extra", x}})
          .ok());
  const auto validation = open_dataset(spec, Split::kValidation).value();
  EXPECT_EQ(validation->size(), 2);
  EXPECT_THAT(validation->origin().notes,
              ElementsAre(HasSubstr("2 arrays not used: ids and x_extra")));
  EXPECT_EQ(open_dataset(spec, Split::kAll).value()->size(), 4);
  EXPECT_EQ(open_dataset(spec, Split::kAll).value()->describe(2), "validation sample 0");
  EXPECT_THAT(open_dataset(spec, Split::kAll).value()->origin().notes,
              testing::Contains(spec + ": no test split is there, all is 4 samples without it"));
}

TEST(OpenDataset, RefusesHalfASplitOfAnNpz) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "d.npz";
  const std::string spec = "npz:" + path.string();
  const auto x = ir::Tensor::from_values<float>({2, 1}, {1, 2});
  const auto y = ir::Tensor::from_values<std::int32_t>({2}, {0, 1});
  ASSERT_TRUE(write_npz(path, {{"x_train", x}, {"y_train", y}, {"x_test", x}}).ok());
  EXPECT_EQ(open_dataset(spec, Split::kTrain).value()->size(), 2);
  EXPECT_THAT(error_of(spec, Split::kAll), HasSubstr("no array y_test; there are: "));
  EXPECT_THAT(error_of(spec, Split::kTest), HasSubstr("no array y_test"));
  ASSERT_TRUE(write_npz(path, {{"x_train", x}, {"y_train", y}, {"y_val", y}}).ok());
  EXPECT_THAT(error_of(spec, Split::kAll), HasSubstr("no array x_val; there are: "));
  EXPECT_THAT(error_of(spec, Split::kValidation), HasSubstr("no array x_val"));
}

TEST(OpenDataset, ASampleThatIsNoNumberCannotBeRead) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "d.npz";
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ASSERT_TRUE(
      write_npz(path, {{"x_test", ir::Tensor::from_values<double>(
                                      {3, 2}, {0, 1, 2, static_cast<double>(nan), 1e300, 0})},
                       {"y_test", ir::Tensor::from_values<std::int32_t>({3}, {0, 1, 1})}})
          .ok());
  const auto test = open_dataset("npz:" + path.string(), Split::kTest).value();
  EXPECT_TRUE(test->get(0).ok());
  EXPECT_EQ(test->get(1).error().message(), "sample 1: feature 1 is nan");
  EXPECT_EQ(test->get(2).error().message(), "sample 2: feature 0 is inf");
}

TEST(OpenDataset, SuggestsWhatWasMeant) {
  const TemporaryFolder folder;
  folder.write("photos/cat/1.png", "x");
  folder.write("digits.npz", "x");
  const std::string root = folder.path().string();
  EXPECT_THAT(error_of("fashon-mnist"), HasSubstr("did you mean 'fashion-mnist'?"));
  EXPECT_THAT(error_of("image:" + root), HasSubstr("did you mean 'images'?"));
  EXPECT_THAT(error_of(root + "/photos"), HasSubstr("did you mean 'images:" + root + "/photos'?"));
  EXPECT_THAT(error_of(root + "/digits.npz"),
              HasSubstr("did you mean 'npz:" + root + "/digits.npz'?"));
  EXPECT_THAT(error_of("images:" + root + "/photo"),
              HasSubstr("photo: no such folder; did you mean '" + root + "/photos'?"));
  EXPECT_THAT(error_of("npz:" + root + "/digit.npz"),
              HasSubstr("no such file; did you mean '" + root + "/digits.npz'?"));
  EXPECT_THAT(error_of("cifar10:" + root + "/Photos"), HasSubstr("did you mean"));
  EXPECT_THAT(error_of("mnist:" + root + "/photoss"), HasSubstr("did you mean"));
  EXPECT_THAT(error_of("images:" + root + "/digits.npz"),
              HasSubstr("is a file, expected a folder"));
  EXPECT_EQ(open_dataset("nonsense", Split::kTest).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(open_dataset("images:/nonexistent", Split::kTest).error().code(), ErrorCode::kNotFound);
}

// 100 samples of two classes whose only feature is their number.
std::string write_numbers(const TemporaryFolder& folder) {
  ir::Tensor x = ir::Tensor::zeros(ir::DataType::kFloat32, {100, 1});
  ir::Tensor y = ir::Tensor::zeros(ir::DataType::kInt64, {100});
  for (int i = 0; i < 100; ++i) {
    x.set_double(i, i);
    y.set_double(i, i % 2);
  }
  LATHE_CHECK(write_npz(folder.path() / "n.npz", {{"x", x}, {"y", y}}).ok());
  return "npz:" + (folder.path() / "n.npz").string();
}

std::set<float> numbers(const std::string& spec, Split split, const DatasetOptions& options = {}) {
  const auto dataset = open_dataset(spec, split, options).value();
  std::set<float> found;
  for (std::int64_t i = 0; i < dataset->size(); ++i) {
    const Sample sample = dataset->get(i).value();
    found.insert(sample.features.data<float>()[0]);
    EXPECT_EQ(sample.label, dataset->label(i));
  }
  return found;
}

TEST(OpenDataset, SplitsAreDisjointAndComplete) {
  const TemporaryFolder folder;
  const std::string spec = write_numbers(folder);
  const DatasetOptions options{.seed = 3, .validation_share = 0.25};
  std::set<float> all = numbers(spec, Split::kTest, options);
  EXPECT_EQ(all.size(), 20);
  const std::set<float> validation = numbers(spec, Split::kValidation, options);
  EXPECT_EQ(validation.size(), 20);
  const std::set<float> train = numbers(spec, Split::kTrain, options);
  EXPECT_EQ(train.size(), 60);
  all.insert(validation.begin(), validation.end());
  all.insert(train.begin(), train.end());
  EXPECT_EQ(all.size(), 100);
  EXPECT_EQ(numbers(spec, Split::kTrain, options), train);
  EXPECT_NE(numbers(spec, Split::kTrain, {.seed = 4, .validation_share = 0.25}), train);
}

TEST(OpenDataset, LimitsAndRefusesBadOptions) {
  const TemporaryFolder folder;
  const std::string spec = write_numbers(folder);
  EXPECT_EQ(numbers(spec, Split::kTrain, {.limit = 7}).size(), 7);
  EXPECT_EQ(numbers(spec, Split::kTrain, {.limit = 7000}).size(), 80);
  EXPECT_THAT(error_of(spec, Split::kTrain, {.limit = -1}), HasSubstr("limit -1"));
  EXPECT_THAT(error_of(spec, Split::kTrain, {.validation_share = 1}),
              HasSubstr("validation share"));
  EXPECT_THAT(error_of(spec, Split::kValidation), HasSubstr("no validation split"));
  EXPECT_EQ(numbers(spec, Split::kAll).size(), 100);
  EXPECT_EQ(numbers(spec, Split::kAll, {.validation_share = 0.5}).size(), 100);
  EXPECT_EQ(numbers(spec, Split::kAll, {.limit = 9}).size(), 9);
  EXPECT_THAT(error_of("cifar10"), HasSubstr("cifar10:PATH"));
  EXPECT_THAT(error_of("imagenet:/x"), HasSubstr("data 'imagenet:/x': unknown kind"));
  EXPECT_EQ(parse_split("validation").value(), Split::kValidation);
  EXPECT_EQ(parse_split("val").value(), Split::kValidation);
  EXPECT_EQ(parse_split("all").value(), Split::kAll);
  EXPECT_EQ(parse_split("dev").error().message(),
            "split 'dev', expected train, test or all, or val where the data has one");
  EXPECT_THAT(parse_split("tset").error().message(), HasSubstr("did you mean 'test'?"));
}

TEST(OpenDataset, EachClassKeepsATrainingSample) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "d.npz";
  const auto labels = ir::Tensor::from_values<std::int32_t>({10}, {0, 0, 0, 0, 1, 1, 1, 2, 2, 3});
  ASSERT_TRUE(write_npz(path, {{"x_train", ir::Tensor::zeros(ir::DataType::kFloat32, {10, 1})},
                               {"y_train", labels}})
                  .ok());
  const std::string spec = "npz:" + path.string();
  for (const double share : {0.05, 0.5, 0.9}) {
    const DatasetOptions options{.validation_share = share};
    const auto train = open_dataset(spec, Split::kTrain, options).value();
    std::map<std::int64_t, int> left;
    for (std::int64_t i = 0; i < train->size(); ++i) ++left[train->label(i)];
    EXPECT_EQ(left.size(), 4) << share;
    EXPECT_THAT(train->origin().notes,
                ElementsAre(spec + ": 1 class with one training sample only, of which none is held "
                                   "out: 3"));
    std::set<std::int64_t> held_out;
    const auto validation = open_dataset(spec, Split::kValidation, options).value();
    for (std::int64_t i = 0; i < validation->size(); ++i) held_out.insert(validation->label(i));
    EXPECT_THAT(held_out, ElementsAre(0, 1, 2)) << share;
  }
  EXPECT_THAT(open_dataset(spec, Split::kTrain).value()->origin().notes, testing::IsEmpty());
}

TEST(OpenDataset, SaysWhyASplitIsEmpty) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "d.npz";
  ASSERT_TRUE(write_npz(path, {{"x", ir::Tensor::zeros(ir::DataType::kFloat32, {2, 1})},
                               {"y", ir::Tensor::from_values<std::int32_t>({2}, {0, 1})}})
                  .ok());
  const std::string spec = "npz:" + path.string();
  EXPECT_THAT(error_of(spec, Split::kTest),
              HasSubstr("the test split is empty: no class has samples "
                        "enough to divide; --split all takes"));
  EXPECT_THAT(
      error_of(spec, Split::kValidation, {.validation_share = 0.25}),
      HasSubstr("the validation split is empty: no class of the 2 training samples has two"));
}

TEST(MemoryDataset, RefusesWhatDoesNotFit) {
  const ir::Tensor pixels = ir::Tensor::zeros(ir::DataType::kUint8, {2, 3, 3, 1});
  EXPECT_TRUE(make_image_dataset("x", pixels, {0, 0}, {"a"}).ok());
  EXPECT_FALSE(make_image_dataset("x", pixels, {0}, {"a"}).ok());
  EXPECT_FALSE(make_image_dataset("x", pixels, {0, 1}, {"a"}).ok());
  EXPECT_FALSE(make_image_dataset("x", pixels.reshaped({2, 3, 1, 3}).cast(ir::DataType::kInt32),
                                  {0, 0}, {"a"})
                   .ok());
  EXPECT_FALSE(
      make_image_dataset("x", ir::Tensor::zeros(ir::DataType::kUint8, {0, 3, 3, 1}), {}, {}).ok());
  EXPECT_FALSE(make_feature_dataset("x", ir::Tensor::scalar(1.0F), {0}, {"a"}).ok());
}

}  // namespace
}  // namespace lathe::data

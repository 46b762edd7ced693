#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "data/dataset.h"
#include "data/encode_image.h"
#include "data/test_files.h"

namespace lathe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string png(int height, int width, int channels, int variant = 0) {
  return encode_png(synthetic_image(height, width, channels, variant)).value();
}

std::string spec_of(const TemporaryFolder& folder) { return "images:" + folder.path().string(); }

std::set<std::string> names(const Dataset& dataset) {
  std::set<std::string> found;
  for (std::int64_t i = 0; i < dataset.size(); ++i) found.insert(dataset.describe(i));
  return found;
}

TEST(ImageFolder, ReadsSplitFolders) {
  const TemporaryFolder folder;
  folder.write("train/dog/b.png", png(4, 6, 3));
  folder.write("train/cat/a.PNG", png(4, 6, 1));
  folder.write("train/cat/notes.txt", "no image");
  folder.write("train/cat/.hidden.png", "no image");
  folder.write("train/empty/notes.txt", "no image");
  folder.write("val/dog/c.png", png(4, 6, 3, 5));
  const auto train = open_dataset(spec_of(folder), Split::kTrain).value();
  EXPECT_THAT(train->class_names(), ElementsAre("cat", "dog"));
  EXPECT_THAT(names(*train), ElementsAre("cat/a.PNG", "dog/b.png"));
  EXPECT_THAT(train->sample_shape(), ElementsAre(3, 4, 6));
  EXPECT_FALSE(train->in_memory());
  EXPECT_EQ(train->file(1), (folder.path() / "train/dog/b.png").string());
  EXPECT_EQ(train->get(1).value().image, synthetic_image(4, 6, 3));
  const auto test = open_dataset(spec_of(folder), Split::kTest).value();
  ASSERT_EQ(test->size(), 1);
  EXPECT_EQ(test->label(0), 1);
  EXPECT_EQ(test->get(0).value().image, synthetic_image(4, 6, 3, 5));

  folder.write("val/zebra/d.png", png(4, 6, 3));
  EXPECT_THAT(open_dataset(spec_of(folder), Split::kTest).error().message(),
              HasSubstr("class zebra has no folder in train/"));
}

TEST(ImageFolder, SplitsByNameWhereThereAreNoFolders) {
  const TemporaryFolder folder;
  for (int i = 0; i < 20; ++i) {
    folder.write(fmt::format("{}/{:02}.png", i < 10 ? "cat" : "dog", i), png(2, 2 + i, 1));
  }
  const auto train = open_dataset(spec_of(folder), Split::kTrain).value();
  const auto test = open_dataset(spec_of(folder), Split::kTest).value();
  EXPECT_EQ(train->size(), 16);
  EXPECT_EQ(test->size(), 4);
  std::set<std::string> all = names(*train);
  all.merge(names(*test));
  EXPECT_EQ(all.size(), 20);
  EXPECT_EQ(test->label(0) + test->label(3), 1);
  EXPECT_THAT(train->sample_shape(), IsEmpty());
  EXPECT_EQ(names(*open_dataset(spec_of(folder), Split::kTest).value()), names(*test));
}

TEST(ImageFolder, ErrorsNameTheFileOrFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT(open_dataset(spec_of(folder), Split::kTrain).error().message(),
              HasSubstr("no images; expected one folder"));
  EXPECT_EQ(open_dataset("images:/nonexistent", Split::kTrain).error().code(),
            ErrorCode::kNotFound);
  folder.write("train/cat/bad.jpg", "\xff\xd8\xff and no more");
  folder.write("test/cat/good.png", png(2, 2, 1));
  const auto train = open_dataset(spec_of(folder), Split::kTrain).value();
  EXPECT_THAT(train->get(0).error().message(), HasSubstr("cat/bad.jpg: JPEG: "));
}

}  // namespace
}  // namespace lathe::data

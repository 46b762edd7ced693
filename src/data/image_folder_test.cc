#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <sys/stat.h>

#include "data/dataset.h"
#include "data/encode_image.h"
#include "data/image_listing.h"
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
  EXPECT_THAT(open_dataset(spec_of(folder), Split::kTrain).error().message(),
              testing::AllOf(HasSubstr("none of 1 image can be read; the first: "),
                             HasSubstr("cat/bad.jpg: JPEG: ")));
  folder.write("train/cat/good.png", png(2, 2, 1));
  std::filesystem::create_symlink("/nonexistent", folder.path() / "train/cat/gone.png");
  const auto train = open_dataset(spec_of(folder), Split::kTrain).value();
  ASSERT_EQ(train->size(), 3);
  EXPECT_THAT(train->get(0).error().message(), HasSubstr("cat/bad.jpg: JPEG: "));
  EXPECT_THAT(train->get(1).error().message(), HasSubstr("cat/gone.png: cannot open"));
}

TEST(ImageFolder, SearchesOnForOneImageThatCanBeRead) {
  const TemporaryFolder folder;
  for (int i = 0; i < 99; ++i) folder.write(fmt::format("a/{:03}.png", i), "no image");
  EXPECT_THAT(open_dataset(spec_of(folder), Split::kAll).error().message(),
              HasSubstr("none of 99 images can be read; the first: "));
  folder.write("a/097.png", png(3, 4, 1));
  EXPECT_THAT(open_dataset(spec_of(folder), Split::kAll).value()->sample_shape(),
              ElementsAre(1, 3, 4));
}

TEST(FindImages, TakesThoseOfAllFoldersBelow) {
  const TemporaryFolder folder;
  const std::string root = folder.path().string();
  const std::string first = folder.write("a.PNG", "").string();
  const std::string second = folder.write("deep/er/b.jpg", "").string();
  folder.write("deep/notes.txt", "");
  folder.write(".hidden/c.png", "");
  folder.write("deep/.d.png", "");
  ASSERT_EQ(::mkfifo((folder.path() / "pipe.png").c_str(), 0600), 0);
  std::filesystem::create_directory_symlink("..", folder.path() / "deep/up");
  const auto found = find_images(folder.path()).value();
  EXPECT_THAT(found.files, ElementsAre(first, second));
  EXPECT_THAT(found.left_out.notes(folder.path()),
              ElementsAre(HasSubstr("2 files left out: 1 .png and 1 .txt"),
                          HasSubstr("1 image left out whose names begin with a dot")));

  const Path closed = folder.path() / "deep/er";
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  const auto partly = find_images(folder.path());
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
  ASSERT_TRUE(partly.ok());
  if (partly->files.size() == 1) {  // root may list everything
    EXPECT_THAT(partly->left_out.closed, ElementsAre(closed.string()));
    EXPECT_THAT(partly->left_out.notes(folder.path()),
                testing::Contains(HasSubstr("cannot list " + closed.string())));
  }
}

TEST(FindImages, SaysWhereThereAreNone) {
  const TemporaryFolder folder;
  folder.write("a.webp", "");
  EXPECT_THAT(find_images(folder.path()).error().message(),
              HasSubstr("no images; expected .jpg, .jpeg, .png and .bmp files; " +
                        folder.path().string() + ": 1 file left out: 1 .webp"));
  EXPECT_EQ(find_images(folder.path() / "none").error().code(), ErrorCode::kNotFound);
}

TEST(ImageFolder, CountsWhatIsLeftOut) {
  const TemporaryFolder folder;
  for (const char* name : {"cat/1.png", "cat/2.png", "dog/1.bmp", "dog/2.PNG", "cat/deep/3.png",
                           "cat/deep/er/4.png", "5.png", "cat/.6.png", "cat/._1.png"}) {
    folder.write(name, png(2, 2, 1));
  }
  for (const char* name :
       {"cat/1.webp", "cat/2.webp", "dog/3.gif", "dog/LICENSE", "cat/deep/a.webp", "cat/Thumbs.db",
        "bird/1.webp", "notes.txt", ".git/x/1.png"}) {
    folder.write(name, "x");
  }
  ASSERT_EQ(::mkfifo((folder.path() / "cat/pipe.png").c_str(), 0600), 0);
  const auto all = open_dataset(spec_of(folder), Split::kAll).value();
  EXPECT_EQ(all->size(), 4);
  const std::string where = folder.path().string() + ": ";
  EXPECT_THAT(
      all->origin().notes,
      ElementsAre(where + "6 files left out: 3 .webp, 1 .gif, 1 .png and 1 without an extension; "
                          ".jpg, .jpeg, .png and .bmp can be read",
                  where + "2 images left out in folders below the class folders",
                  where + "1 image left out beside the class folders",
                  where + "2 images left out whose names begin with a dot",
                  where + "no image that can be read in bird"));
  EXPECT_EQ(all->origin().files_left_out, 11);

  const TemporaryFolder none;
  none.write("cat/1.webp", "x");
  EXPECT_THAT(open_dataset(spec_of(none), Split::kTest).error().message(),
              HasSubstr("no images; expected one folder per class"));
  EXPECT_THAT(open_dataset(spec_of(none), Split::kTest).error().message(),
              HasSubstr("1 file left out: 1 .webp"));
}

TEST(ImageFolder, SaysWhichSamplesAreTheSplit) {
  const TemporaryFolder folder;
  const auto notes = [&](Split split) {
    return open_dataset(spec_of(folder), split).value()->origin().notes;
  };
  for (int i = 0; i < 10; ++i) {
    folder.write(fmt::format("{}/{}.png", i < 5 ? "cat" : "dog", i), png(2, 2, 1));
  }
  const std::string spec = spec_of(folder);
  EXPECT_THAT(notes(Split::kTest),
              ElementsAre(spec + " is not divided into splits: a fifth of each class is the test "
                                 "split, 2 of 10 samples; --split all takes every sample"));
  EXPECT_THAT(notes(Split::kTrain), ElementsAre(HasSubstr("the train split, 8 of 10 samples")));
  EXPECT_EQ(open_dataset(spec, Split::kTest).value()->origin().drawn_share, 0.2);
  EXPECT_THAT(notes(Split::kAll), IsEmpty());
  EXPECT_EQ(open_dataset(spec, Split::kAll).value()->origin().drawn_share, std::nullopt);
  EXPECT_THAT(open_dataset(spec, Split::kValidation).error().message(),
              HasSubstr("no validation split; --split takes train, test and all"));
}

TEST(ImageFolder, TellsTestFromValidation) {
  const TemporaryFolder folder;
  const std::string spec = spec_of(folder);
  folder.write("train/cat/1.png", png(2, 2, 1));
  folder.write("train/dog/1.png", png(2, 2, 1));
  folder.write("val/cat/2.png", png(2, 2, 1));
  const auto open = [&](Split split) { return open_dataset(spec, split).value(); };
  EXPECT_THAT(open(Split::kTest)->origin().notes,
              ElementsAre(HasSubstr("no folder test/; val/ is the test split")));
  EXPECT_THAT(names(*open(Split::kValidation)), ElementsAre("cat/2.png"));
  folder.write("test/dog/3.png", png(2, 2, 1));
  EXPECT_THAT(names(*open(Split::kTest)), ElementsAre("dog/3.png"));
  EXPECT_EQ(open(Split::kTest)->label(0), 1);
  EXPECT_THAT(open(Split::kTest)->origin().notes,
              ElementsAre(HasSubstr("test/ is the test split; --split val takes val/")));
  EXPECT_THAT(names(*open(Split::kValidation)), ElementsAre("cat/2.png"));
  EXPECT_THAT(names(*open(Split::kAll)),
              ElementsAre("test/dog/3.png", "train/cat/1.png", "train/dog/1.png", "val/cat/2.png"));
  EXPECT_EQ(open(Split::kAll)->get(3).value().label, 0);
  std::filesystem::remove_all(folder.path() / "train");
  EXPECT_THAT(open(Split::kTest)->class_names(), ElementsAre("dog"));
  std::filesystem::create_directories(folder.path() / "test/cat");
  std::filesystem::copy(folder.path() / "val/cat/2.png", folder.path() / "test/cat/2.png");
  EXPECT_THAT(open(Split::kAll)->origin().notes,
              ElementsAre(folder.path().string() + ": no folder train/, all is test/ and val/"));
  std::filesystem::remove_all(folder.path() / "test/cat");
  EXPECT_THAT(open_dataset(spec, Split::kTrain).error().message(),
              HasSubstr("no folder train/ with one folder per class; there is test/, val/"));
}

TEST(ImageFolder, KnowsTheNamesOfTheValidationSplit) {
  for (const char* name : {"val", "valid", "validation"}) {
    const TemporaryFolder folder;
    folder.write("train/cat/1.png", png(2, 2, 1));
    folder.write(fmt::format("{}/cat/2.png", name), png(2, 2, 1));
    const auto validation = open_dataset(spec_of(folder), Split::kValidation).value();
    EXPECT_THAT(names(*validation), ElementsAre("cat/2.png"));
    EXPECT_THAT(validation->origin().notes, IsEmpty());
    EXPECT_EQ(open_dataset(spec_of(folder), Split::kAll).value()->size(), 2);
    EXPECT_EQ(open_dataset(spec_of(folder), Split::kTrain).value()->size(), 1);
  }
}

TEST(ImageFolder, SaysWhatLiesBesideTheSplits) {
  const TemporaryFolder folder;
  for (const char* name : {"train/cat/1.png", "train/cat/2.png", "train/dog/1.png",
                           "train/dog/2.png", "extra/cat/3.png", "extra/deep/er/4.png", "val/5.png",
                           "6.png", ".git/7.png", "none/notes.txt"}) {
    folder.write(name, png(2, 2, 1));
  }
  const std::string where = folder.path().string() + ": ";
  const std::string splits =
      "; splits are folders train/, test/ and val/ (or valid/, validation/) with one folder per "
      "class";
  const auto all = open_dataset(spec_of(folder), Split::kAll).value();
  EXPECT_EQ(all->size(), 4);
  EXPECT_EQ(all->origin().files_left_out, 4);
  EXPECT_THAT(all->origin().notes, ElementsAre(where + "1 image left out beside the class folders",
                                               where + "2 images left out in extra/" + splits,
                                               where + "1 image left out in val/" + splits));
  // Two folders of one split.
  folder.write("val/cat/5.png", png(2, 2, 1));
  folder.write("valid/cat/6.png", png(2, 2, 1));
  for (const Split split : {Split::kTrain, Split::kTest, Split::kValidation, Split::kAll}) {
    EXPECT_THAT(open_dataset(spec_of(folder), split).value()->origin().notes,
                testing::IsSupersetOf({where + "2 images left out in extra/" + splits,
                                       where + "1 image left out in valid/" + splits}));
  }
}

TEST(ImageFolder, AClassMayBeCalledTrain) {
  const TemporaryFolder folder;
  folder.write("train/1.png", png(2, 2, 1));
  folder.write("test/2.png", png(2, 2, 1));
  folder.write("bus/3.png", png(2, 2, 1));
  const auto all = open_dataset(spec_of(folder), Split::kAll).value();
  EXPECT_THAT(all->class_names(), ElementsAre("bus", "test", "train"));
  EXPECT_EQ(all->size(), 3);
}

}  // namespace
}  // namespace lathe::data

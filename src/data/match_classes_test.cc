#include "data/match_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

#include "data/memory_dataset.h"

namespace lathe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Names = std::vector<std::string>;

// One sample of each class.
std::shared_ptr<const Dataset> dataset_of(const Names& classes) {
  std::vector<std::int64_t> labels(classes.size());
  std::iota(labels.begin(), labels.end(), 0);
  const auto count = static_cast<std::int64_t>(classes.size());
  return make_feature_dataset("d", ir::Tensor::zeros(ir::DataType::kFloat32, {count, 1}), labels,
                              classes)
      .value();
}

// The outputs that the classes are matched with.
std::vector<std::int64_t> outputs(const Names& classes, const Names& labels, std::int64_t count) {
  const auto matched = match_classes(dataset_of(classes), labels, count);
  if (!matched.ok()) {
    ADD_FAILURE() << matched.error().message();
    return {};
  }
  std::vector<std::int64_t> found;
  for (std::int64_t i = 0; i < (*matched)->size(); ++i) {
    found.push_back((*matched)->label(i));
    EXPECT_EQ((*matched)->get(i).value().label, found.back());
  }
  return found;
}

std::string error_of(const Names& classes, const Names& labels, std::int64_t count) {
  const auto matched = match_classes(dataset_of(classes), labels, count);
  return matched.ok() ? "no error" : matched.error().message();
}

std::vector<std::string> notes_of(const Names& classes, const Names& labels, std::int64_t count) {
  return match_classes(dataset_of(classes), labels, count).value()->origin().notes;
}

const Names kAnimals{"bird", "cat", "dog", "frog"};

TEST(MatchClasses, FindsASubsetByName) {
  EXPECT_THAT(outputs({"cat", "dog"}, kAnimals, 4), ElementsAre(1, 2));
  EXPECT_THAT(outputs({"frog", "bird"}, kAnimals, 4), ElementsAre(3, 0));
  EXPECT_THAT(notes_of({"cat", "dog"}, kAnimals, 4), IsEmpty());
  const auto matched = match_classes(dataset_of({"dog"}), kAnimals, 4).value();
  EXPECT_EQ(matched->class_names(), kAnimals);
  // Once matched nothing changes any more.
  EXPECT_EQ(match_classes(matched, kAnimals, 4).value()->label(0), 2);
}

TEST(MatchClasses, ReadsTheLabelsOfAModel) {
  Metadata metadata;
  const auto dogs = dataset_of({"dog"});
  EXPECT_EQ(match_labels(dogs, metadata).value(), dogs);
  write_labels(kAnimals, metadata);
  EXPECT_EQ(match_labels(dogs, metadata).value()->label(0), 2);
  EXPECT_FALSE(match_labels(dataset_of({"zebra"}), metadata).ok());
}

TEST(MatchClasses, IsNotParticularAboutSpelling) {
  const Names labels{"T-shirt/top", "Ankle boot", "Bag"};
  EXPECT_THAT(outputs({"ankle_boot", "BAG", "t-shirt_top"}, labels, 3), ElementsAre(1, 2, 0));
  EXPECT_THAT(outputs({"Ankle-Boot "}, labels, 3), ElementsAre(1));
  // As it is spelled comes first.
  EXPECT_THAT(outputs({"a_b", "a b"}, {"a b", "a_b"}, 2), ElementsAre(1, 0));
  EXPECT_THAT(error_of({"A-B"}, {"a b", "a_b"}, 2), HasSubstr("class 'A-B' of the data fits more"));
  EXPECT_THAT(error_of({"Bag", "bag"}, labels, 3),
              HasSubstr("classes 'Bag' and 'bag' of the data both fit the model's label 'Bag'"));
}

TEST(MatchClasses, RefusesWhatTheModelDoesNotHave) {
  EXPECT_THAT(
      error_of({"bird", "dgo"}, kAnimals, 4),
      HasSubstr("class 'dgo' of the data is none of the model's 4 labels (bird, cat, dog and "
                "frog); the data's classes have to be named as the model's labels are; did "
                "you mean 'dog'?"));
  EXPECT_EQ(match_classes(dataset_of({"zebra"}), kAnimals, 4).error().code(),
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(error_of({"cat"}, kAnimals, 5), HasSubstr("4 labels for 5 classes"));
}

TEST(MatchClasses, TakesNumbersAsOutputs) {
  EXPECT_THAT(outputs({"0", "1", "2"}, kAnimals, 4), ElementsAre(0, 1, 2));
  EXPECT_THAT(outputs({"1", "3"}, kAnimals, 4), ElementsAre(1, 3));
  EXPECT_THAT(notes_of({"1", "3"}, kAnimals, 4), ElementsAre(HasSubstr("model's 4 outputs")));
  EXPECT_THAT(notes_of({"0", "1", "2", "3"}, kAnimals, 4), IsEmpty());
  EXPECT_THAT(notes_of({"0", "1", "2"}, {}, 4), ElementsAre(HasSubstr("model's 4 outputs")));
  EXPECT_THAT(outputs({"1", "7"}, {}, 10), ElementsAre(1, 7));
  EXPECT_THAT(outputs({"0007", "01"}, {}, 10), ElementsAre(7, 1));
  EXPECT_THAT(error_of({"3", "4"}, kAnimals, 4), HasSubstr("class number 4, the model 4 classes"));
  // Characters, of which some are digits: each is called by its own number, if by any.
  EXPECT_THAT(outputs({"0", "1", "2", "3"}, {"0", "1", "A", "B"}, 4), ElementsAre(0, 1, 2, 3));
}

TEST(MatchClasses, TakesNumbersThatAreLabelsAsNames) {
  EXPECT_THAT(outputs({"0", "1", "2"}, {"0", "2", "1"}, 3), ElementsAre(0, 2, 1));
  EXPECT_THAT(outputs({"01", "03"}, {"1", "2", "3"}, 3), ElementsAre(0, 2));
  EXPECT_THAT(outputs({"1", "2"}, {"01", "1", "2"}, 3), ElementsAre(1, 2));
  // Class 0 of the data would be output 0, or what output 0 is called, 1, is class 1.
  const std::string error = error_of({"0", "1", "2"}, {"1", "2", "3"}, 3);
  EXPECT_THAT(error, HasSubstr("class '0' of the data is none of the model's 3 labels (1, 2 and "
                               "3)"));
  EXPECT_THAT(error, HasSubstr("numbers are not taken for outputs here: output 0 is called '1'"));
  EXPECT_THAT(error_of({"0", "1"}, {"20", "30"}, 2), HasSubstr("output 0 is called '20'"));
  EXPECT_THAT(error_of({"0", "3"}, {"cat", "0", "dog", "frog"}, 4), HasSubstr("class '3'"));
}

// A file of arrays has all classes up to its highest number.
TEST(MatchClasses, PassesOverNumbersThatNoSampleHas) {
  const auto counted = make_feature_dataset("d", ir::Tensor::zeros(ir::DataType::kFloat32, {2, 1}),
                                            {3, 1}, {"0", "1", "2", "3"})
                           .value();
  const auto matched = match_classes(counted, Names{"1", "2", "3"}, 3).value();
  EXPECT_EQ(matched->label(0), 2);
  EXPECT_EQ(matched->label(1), 0);
  EXPECT_THAT(matched->class_names(), ElementsAre("1", "2", "3"));
  EXPECT_THAT(match_classes(counted, Names{"2", "3", "4"}, 3).error().message(),
              HasSubstr("class '1' of the data is none"));
}

TEST(MatchClasses, TrainingMayReplaceLabels) {
  Metadata metadata;
  write_labels(kAnimals, metadata);
  const auto match = [&](const Names& classes) {
    return match_or_replace_labels(dataset_of(classes), metadata);
  };
  EXPECT_EQ(match({"dog", "cat"}).value()->label(0), 2);
  EXPECT_THAT(match({"dog", "cat"}).value()->class_names(), kAnimals);
  const auto replaced = match({"ant", "bee", "fly", "bug"}).value();
  EXPECT_EQ(replaced->label(1), 1);
  EXPECT_THAT(replaced->class_names(), ElementsAre("ant", "bee", "fly", "bug"));
  EXPECT_THAT(replaced->origin().notes,
              ElementsAre("d: its classes (ant, bee, fly and bug) are none of the model's labels "
                          "(bird, cat, dog and frog), and replace them"));
  // One that is known makes a mistake of the others.
  EXPECT_THAT(match({"bird", "cat", "dog", "fly"}).error().message(), HasSubstr("class 'fly'"));
  EXPECT_THAT(match({"ant", "bee"}).error().message(), HasSubstr("class 'ant'"));
  EXPECT_THAT(match_or_replace_labels(dataset_of({"x", "y"}), {}).value()->class_names(),
              ElementsAre("x", "y"));
}

TEST(MatchClasses, GoesByPositionWhereTheModelHasNoLabels) {
  EXPECT_THAT(outputs({"cat", "dog"}, {}, 2), ElementsAre(0, 1));
  EXPECT_THAT(notes_of({"cat", "dog"}, {}, 2), IsEmpty());
  EXPECT_THAT(notes_of({"cat", "dog"}, {}, 10),
              ElementsAre(HasSubstr("2 classes of the data are taken as outputs 0 to 1 of 10")));
  EXPECT_THAT(match_classes(dataset_of({"cat", "dog"}), {}, 4).value()->class_names(),
              ElementsAre("cat", "dog", "2", "3"));
  EXPECT_THAT(error_of({"cat", "dog"}, {}, 1), HasSubstr("the model has 1 class, the dataset 2"));
  // Folders counted from 1, as their sorted names have it.
  EXPECT_THAT(outputs({"1", "2"}, {}, 2), ElementsAre(0, 1));
  EXPECT_THAT(notes_of({"1", "2"}, {}, 2), ElementsAre(HasSubstr("in the order of their names")));
}

}  // namespace
}  // namespace lathe::data

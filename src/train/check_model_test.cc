#include "train/check_model.h"

#include <array>
#include <gmock/gmock.h>
#include <limits>

#include "train/test_support.h"

namespace lathe::train {
namespace {

using testing::HasSubstr;

// Of those whose value is not a number nothing can be read.
std::shared_ptr<const data::Dataset> points(const std::vector<float>& values,
                                            std::vector<std::int64_t> labels) {
  const auto count = static_cast<std::int64_t>(values.size());
  return data::make_feature_dataset(
             "pets", ir::Tensor::from_values<float>(std::array{count, std::int64_t{1}}, values),
             std::move(labels), {"bird", "cat", "dog"})
      .value();
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(CheckClasses, WantsTwoThatCanBeRead) {
  EXPECT_TRUE(check_classes(*points({1, 2}, {0, 2})).ok());
  EXPECT_TRUE(check_classes(*points({kNan, 1, kNan, kNan, 2}, {0, 0, 1, 2, 2})).ok());
  EXPECT_EQ(check_classes(*points({1, 2}, {1, 1})).error().message(),
            "pets: every training sample is of class 'cat', a classifier needs two classes");
  EXPECT_EQ(check_classes(*points({kNan, kNan, 1, kNan}, {0, 0, 1, 2})).error().message(),
            "pets: only training samples of class 'cat' can be read, a classifier needs two "
            "classes; not one can be read of 2 samples of bird and 1 sample of dog; the first: "
            "sample 0: feature 0 is nan");
  EXPECT_THAT(check_classes(*points({kNan, kNan}, {0, 2})).error().message(),
              HasSubstr("no training sample can be read, "));
}

TEST(RemarkOnClasses, NamesThoseWithoutASample) {
  EXPECT_EQ(remark_on_classes(*points({1, 2, 3}, {0, 1, 2})), "");
  EXPECT_EQ(remark_on_classes(*points({1, 2}, {1, 1})),
            "pets: no training sample is of 2 of the 3 classes: bird and dog");
}

}  // namespace
}  // namespace lathe::train

#include "lathe/tensor.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

namespace lathe {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Tensor, IsEmptyUntilMade) {
  Tensor tensor;
  EXPECT_EQ(tensor.data_type(), DataType::kUndefined);
  EXPECT_EQ(tensor.size(), 0);
  EXPECT_TRUE(tensor.shape().empty());
  EXPECT_TRUE(tensor.bytes().empty());
  EXPECT_TRUE(tensor.mutable_bytes().empty());
  EXPECT_TRUE(tensor.data<float>().empty());
  const Tensor copy = tensor;
  EXPECT_EQ(copy.data_type(), DataType::kUndefined);
}

TEST(Tensor, HoldsZerosAndValues) {
  Expected<Tensor> zeros = Tensor::zeros(DataType::kFloat32, {2, 3});
  ASSERT_TRUE(zeros.ok());
  EXPECT_EQ(zeros->size(), 6);
  EXPECT_THAT(zeros->data<float>(), Each(0.0F));

  const std::array<std::int64_t, 3> values = {5, -1, 7};
  const Expected<Tensor> tensor = Tensor::from<std::int64_t>({3}, values);
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->data_type(), DataType::kInt64);
  EXPECT_THAT(tensor->shape(), ElementsAre(3));
  EXPECT_THAT(tensor->data<std::int64_t>(), ElementsAre(5, -1, 7));
}

TEST(Tensor, ScalarHasOneElement) {
  const Expected<Tensor> scalar = Tensor::zeros(DataType::kUint8, {});
  ASSERT_TRUE(scalar.ok());
  EXPECT_EQ(scalar->size(), 1);
}

TEST(Tensor, GivesNothingAsAnotherType) {
  Tensor tensor = Tensor::zeros(DataType::kInt8, {4}).value();
  EXPECT_TRUE(tensor.data<std::uint8_t>().empty());
  EXPECT_TRUE(tensor.mutable_data<float>().empty());
  EXPECT_EQ(tensor.data<std::int8_t>().size(), 4U);
}

TEST(Tensor, CopiesShareUntilWritten) {
  Tensor first = Tensor::zeros(DataType::kFloat32, {2}).value();
  Tensor second = first;
  EXPECT_EQ(first.bytes().data(), second.bytes().data());
  second.mutable_data<float>()[0] = 1;
  EXPECT_EQ(first.data<float>()[0], 0);
  EXPECT_EQ(second.data<float>()[0], 1);
  first = second;
  EXPECT_EQ(first.data<float>()[0], 1);
}

TEST(Tensor, PacksFourBitElements) {
  const Expected<Tensor> tensor = Tensor::zeros(DataType::kInt4, {3});
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->size(), 3);
  EXPECT_EQ(tensor->bytes().size(), 2U);
}

TEST(Tensor, RefusesWhatItCannotHold) {
  for (const DataType type : {DataType::kUndefined, DataType::kString, static_cast<DataType>(99)}) {
    const Expected<Tensor> tensor = Tensor::zeros(type, {1});
    ASSERT_FALSE(tensor.ok());
    EXPECT_EQ(tensor.failure().kind(), Failure::Kind::kInvalidArgument);
    EXPECT_THAT(tensor.failure().message(), HasSubstr("cannot hold"));
  }
  EXPECT_FALSE(Tensor::zeros(DataType::kInt8, {-1}).ok());
  EXPECT_FALSE(Tensor::zeros(DataType::kInt8, {std::numeric_limits<std::int64_t>::max(), 2}).ok());
}

TEST(Tensor, RefusesValuesThatDoNotFillItsShape) {
  const std::array<float, 3> values = {1, 2, 3};
  const Expected<Tensor> tensor = Tensor::from<float>({2, 2}, values);
  ASSERT_FALSE(tensor.ok());
  EXPECT_EQ(tensor.failure().message(), "12 bytes given for a tensor float32[2,2], expected 16");
}

TEST(TensorDeathTest, ReadingTheValueOfAFailureStops) {
  EXPECT_DEATH({ (void)Tensor::zeros(DataType::kString, {}).value(); },
               "value\\(\\) of a failure: .*cannot hold");
}

}  // namespace
}  // namespace lathe

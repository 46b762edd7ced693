#include "ir/tensor.h"

#include <array>
#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace lathe::ir {
namespace {

TEST(Tensor, CopiesShareUntilWritten) {
  const Tensor a = Tensor::from_values<float>({2, 2}, {1, 2, 3, 4});
  Tensor b = a;
  EXPECT_EQ(a.data<float>().data(), b.data<float>().data());
  b.mutable_data<float>()[0] = 9;
  EXPECT_EQ(a.data<float>()[0], 1);
  EXPECT_EQ(b.data<float>()[0], 9);
  EXPECT_TRUE(a.identical(a.reshaped({4}).reshaped({2, 2})));
  EXPECT_FALSE(a.identical(b));
}

TEST(Tensor, IsAlignedAndZeroed) {
  const Tensor t = Tensor::zeros(DataType::kFloat32, {3, 5});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(t.data<float>().data()) % 64, 0);
  for (const float v : t.data<float>()) EXPECT_EQ(v, 0);
}

TEST(Tensor, PacksFourBitElements) {
  Tensor t = Tensor::zeros(DataType::kInt4, {5});
  EXPECT_EQ(t.num_bytes(), 3);
  for (int i = 0; i < 5; ++i) t.set_double(i, i - 3);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(t.get_int64(i), i - 3);
  t.set_double(0, 100);
  EXPECT_EQ(t.get_int64(0), 7);
  EXPECT_EQ(t.get_int64(1), -2);
}

TEST(Tensor, HoldsEveryType) {
  for (int number = 1; is_known_data_type(number); ++number) {
    const auto type = static_cast<DataType>(number);
    EXPECT_EQ(parse_data_type(data_type_name(type)).value(), type);
    Tensor t = Tensor::zeros(type, {3});
    if (type == DataType::kString) {
      t.mutable_data<std::string>()[1] = "one";
      EXPECT_EQ(t.data<std::string>()[1], "one");
    }
    if (!is_numeric(type)) continue;
    t.set_double(1, 1);
    EXPECT_EQ(t.get_double(1), 1) << data_type_name(type);
    EXPECT_EQ(t.cast(DataType::kFloat32).get_double(1), 1);
    // The smallest number of a type that has powers of two alone is no 0.
    EXPECT_NEAR(t.get_double(2), 0, 1e-38);
  }
}

TEST(Tensor, PacksElementsOfAnyWidth) {
  for (const DataType type :
       {DataType::kInt2, DataType::kUint2, DataType::kInt4, DataType::kFloat6E2M3,
        DataType::kFloat6E3M2, DataType::kFloat4E2M1}) {
    const int bits = bits_per_element(type);
    Tensor t = Tensor::zeros(type, {21});
    EXPECT_EQ(t.num_bytes(), static_cast<std::size_t>((21 * bits + 7) / 8));
    for (std::int64_t i = 0; i < 21; ++i)
      t.set_bits(i, static_cast<std::uint8_t>((i * 5 + 1) % (1 << bits)));
    for (std::int64_t i = 0; i < 21; ++i) {
      EXPECT_EQ(t.get_bits(i), (i * 5 + 1) % (1 << bits));
      Tensor copy = t;
      copy.set_double(i, t.get_double(i));
      EXPECT_TRUE(copy.identical(t)) << data_type_name(type) << ' ' << i;
    }
  }
}

// Whoever is the last owner sees what the others read before they let go, without any other order
// between the threads: ThreadSanitizer looks at this one.
TEST(Tensor, SoleOwnersWriteAfterOthersHaveRead) {
  for (int round = 0; round < 50; ++round) {
    Tensor mine = Tensor::zeros(DataType::kFloat32, {64});
    std::atomic<bool> let_go = false;
    std::thread reader([&, theirs = mine]() mutable {
      float sum = 0;
      for (const float v : theirs.data<float>()) sum += v;
      EXPECT_EQ(sum, 0);
      theirs = {};
      let_go.store(true, std::memory_order_relaxed);
    });
    while (!let_go.load(std::memory_order_relaxed)) std::this_thread::yield();
    for (float& v : mine.mutable_data<float>()) v = 1;
    reader.join();
  }
}

TEST(Tensor, BorrowsWhatOthersKeepAndCopiesBeforeWriting) {
  const auto lender = std::make_shared<std::array<float, 4>>(std::array<float, 4>{1, 2, 3, 4});
  const std::span<const std::byte> bytes = std::as_bytes(std::span(*lender));
  const std::array<std::int64_t, 2> dims{2, 2};
  Tensor t = Tensor::borrow(DataType::kFloat32, dims, bytes, lender).value();
  EXPECT_EQ(t.data<float>().data(), lender->data());
  EXPECT_EQ(lender.use_count(), 2);
  EXPECT_FALSE(t.is_sole_owner());
  t.mutable_data<float>()[0] = 9;
  EXPECT_EQ((*lender)[0], 1);
  EXPECT_EQ(t.data<float>()[3], 4);
  EXPECT_EQ(lender.use_count(), 1);

  const auto refused = [&](std::span<const std::byte> given) {
    return Tensor::borrow(DataType::kFloat32, dims, given, lender).error().message();
  };
  EXPECT_EQ(refused(bytes.first(15)), "tensor float32[2,2] has 15 bytes, expected 16");
  const std::array<float, 5> longer{};
  EXPECT_EQ(refused(std::as_bytes(std::span(longer)).subspan(1, 16)),
            "tensor float32[2,2] does not begin at a multiple of 4 bytes");
}

TEST(Tensor, WritesToWhatItBorrowsForThat) {
  std::array<float, 2> memory{1, 2};
  const std::array<std::int64_t, 1> dims{2};
  Tensor t = Tensor::borrow_writable(DataType::kFloat32, dims,
                                     std::as_writable_bytes(std::span(memory)), nullptr)
                 .value();
  EXPECT_TRUE(t.is_borrowed() && t.is_borrowed_writable() && t.is_sole_owner());
  t.mutable_data<float>()[0] = 9;
  EXPECT_EQ(memory[0], 9);
  // What a copy still reads is left alone.
  Tensor copy = t;
  copy.mutable_data<float>()[0] = 7;
  EXPECT_EQ(memory[0], 9);
  EXPECT_FALSE(copy.is_borrowed());
  t.own_elements();
  t.mutable_data<float>()[1] = 8;
  EXPECT_EQ(memory[1], 2);
  EXPECT_FALSE(t.is_borrowed());

  const Tensor read_only =
      Tensor::borrow(DataType::kFloat32, dims, std::as_bytes(std::span(memory)), nullptr).value();
  EXPECT_TRUE(read_only.is_borrowed());
  EXPECT_FALSE(read_only.is_borrowed_writable() || read_only.is_sole_owner());
}

TEST(Tensor, CastsSaturate) {
  const Tensor t = Tensor::from_values<float>({3}, {300.7F, -5.5F, 3.9F});
  EXPECT_THAT(t.cast(DataType::kUint8).to_int64s(), testing::ElementsAre(255, 0, 3));
  EXPECT_THAT(t.cast(DataType::kInt8).to_int64s(), testing::ElementsAre(127, -5, 3));
}

TEST(Tensor, RefusesAbsurdShapes) {
  const auto make = [](std::vector<std::int64_t> dims) {
    return Tensor::create(DataType::kFloat32, dims);
  };
  EXPECT_THAT(make({-1, 4}).error().message(), testing::HasSubstr("negative"));
  EXPECT_EQ(make({std::int64_t{1} << 40, 4}).error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(make({std::int64_t{1} << 40, std::int64_t{1} << 40}).error().code(),
            ErrorCode::kResourceExhausted);
  EXPECT_EQ(make({std::int64_t{1} << 40, 0}).value().num_elements(), 0);
}

TEST(Shape, PrintsSymbolsAndCountsElements) {
  EXPECT_EQ(to_string(Shape{Dim::symbol("N"), 3, Dim()}), "[N,3,?]");
  EXPECT_EQ((TensorType{DataType::kInt8, Shape{2}}).to_string(), "int8[2]");
  EXPECT_EQ((TensorType{DataType::kInt8, std::nullopt}).to_string(), "int8[*]");
  EXPECT_EQ(element_count(std::array<std::int64_t, 2>{3, 4}).value(), 12);
}

}  // namespace
}  // namespace lathe::ir

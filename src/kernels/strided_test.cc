#include "kernels/strided.h"

#include <gtest/gtest.h>
#include <numeric>

#include "base/random.h"

namespace lathe::kernels {
namespace {

using Dims = std::vector<std::int64_t>;

TEST(MergeAxes, KeepsWhatBelongsTogether) {
  Dims extents{2, 1, 3, 4, 5};
  Dims strides{60, 60, 20, 5, 1, 0, 0, 0, 1, 0};
  merge_axes(extents, strides, 2);
  EXPECT_EQ(extents, (Dims{6, 4, 5}));
  EXPECT_EQ(strides, (Dims{20, 5, 1, 0, 1, 0}));

  extents = {1, 1};
  strides = {7, 7};
  merge_axes(extents, strides);
  EXPECT_EQ(extents, (Dims{1}));
  EXPECT_EQ(strides, (Dims{0}));

  extents = {};
  strides = {};
  merge_axes(extents, strides, 2);
  EXPECT_EQ(extents, (Dims{1}));
  EXPECT_EQ(strides, (Dims{0, 0}));
}

TEST(ElementsReached, BoundsBothEnds) {
  EXPECT_EQ(elements_reached(Dims{2, 3}, Dims{3, 1}), 6);
  EXPECT_EQ(elements_reached(Dims{2, 3}, Dims{0, 1}), 3);
  EXPECT_EQ(elements_reached(Dims{3}, Dims{-1}, 2), 3);
  EXPECT_EQ(elements_reached(Dims{3}, Dims{-1}, 1), std::nullopt);
  EXPECT_EQ(elements_reached(Dims{0, 3}, Dims{-9, 1}), 0);
  EXPECT_EQ(elements_reached(Dims{INT64_MAX, 3}, Dims{INT64_MAX, 1}), std::nullopt);
}

template <typename T>
std::vector<T> read(const std::vector<T>& data, const Dims& extents, const Dims& strides,
                    std::int64_t begin, std::int64_t count) {
  std::vector<T> buffer(static_cast<std::size_t>(count));
  const StridedReader reader(data.data(), extents, strides, sizeof(T));
  const auto* from = static_cast<const T*>(reader.read(begin, count, buffer.data()));
  return {from, from + count};
}

// Every range of views of all kinds, against one element after the other.
template <typename T>
void check(const Dims& extents, const Dims& strides) {
  const auto reached = elements_reached(extents, strides);
  ASSERT_TRUE(reached);
  std::vector<T> data(static_cast<std::size_t>(*reached));
  std::iota(data.begin(), data.end(), T{0});
  std::vector<T> expected;
  Dims index(extents.size(), 0);
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) count *= extent;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i;
    std::int64_t at = 0;
    for (std::size_t axis = extents.size(); axis-- > 0;) {
      at += rest % extents[axis] * strides[axis];
      rest /= extents[axis];
    }
    expected.push_back(data[static_cast<std::size_t>(at)]);
  }
  Random random(5);
  for (int i = 0; i < 50; ++i) {
    const auto begin = static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(count));
    const auto most = static_cast<std::uint64_t>(count - begin);
    const auto length = static_cast<std::int64_t>(1 + random.next() % most);
    const std::vector<T> wanted(expected.begin() + begin, expected.begin() + begin + length);
    ASSERT_EQ(read(data, extents, strides, begin, length), wanted) << begin << " " << length;
  }
}

template <typename T>
void check_all() {
  check<T>({40}, {1});
  check<T>({40}, {0});
  check<T>({13}, {3});
  check<T>({4, 9}, {9, 1});
  check<T>({4, 9}, {0, 1});
  check<T>({4, 9}, {1, 0});
  check<T>({3, 4, 5}, {0, 5, 1});
  check<T>({3, 4, 5}, {5, 0, 1});
  check<T>({3, 4, 5}, {1, 3, 12});
  check<T>({2, 2, 2, 2, 2, 2, 2, 3}, {1, 0, 2, 0, 4, 0, 8, 0});
  check<T>({3, 40}, {50, 1});
}

TEST(StridedReader, ReadsAnyRange) {
  check_all<std::uint8_t>();
  check_all<std::uint16_t>();
  check_all<std::uint32_t>();
  check_all<std::uint64_t>();
}

TEST(StridedReader, TakesWhatLiesTogetherWhereItIs) {
  const std::vector<float> data(12);
  const Dims extents{3, 4};
  const Dims strides{4, 1};
  float buffer[4];
  const StridedReader reader(data.data(), extents, strides, 4);
  EXPECT_EQ(reader.read(4, 4, buffer), data.data() + 4);
  EXPECT_EQ(reader.read(3, 2, buffer), buffer);
}

}  // namespace
}  // namespace lathe::kernels

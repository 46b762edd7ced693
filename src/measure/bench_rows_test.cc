#include "measure/bench_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"

namespace lathe::measure {
namespace {

using testing::ElementsAre;
using Groups = std::vector<std::vector<std::size_t>>;

std::vector<std::string> describe_all(const std::vector<BenchRow>& rows) {
  std::vector<std::string> names;
  for (const BenchRow& row : rows) names.push_back(describe(row));
  return names;
}

Groups group(const std::vector<BenchRow>& rows, std::int64_t size, GroupLimits limits) {
  return group_rows(rows, std::vector<std::int64_t>(rows.size(), size), limits);
}

std::vector<bool> all_measured(const std::vector<BenchRow>& rows) {
  return std::vector<bool>(rows.size(), true);
}

constexpr GroupLimits kRoomy{.rows = 16, .memory_bytes = 1'000'000'000};

TEST(MakeRows, TakesEveryCombinationInOrder) {
  const auto rows = make_rows({.models = {"dir/a.onnx", "b.onnx"},
                               .backends = {"native", "reference"},
                               .threads = {1, 2},
                               .batches = {1, 8}});
  EXPECT_EQ(rows.size(), 16U);
  EXPECT_THAT(describe_all({rows.begin(), rows.begin() + 5}),
              ElementsAre("a.onnx, native", "a.onnx, native, batch 8", "a.onnx, native, 2 threads",
                          "a.onnx, native, 2 threads, batch 8", "a.onnx, reference"));
  EXPECT_EQ(rows[0].model, "dir/a.onnx");
}

TEST(MakeRows, MeasuresWhatIsNamedTwiceOnce) {
  const int cores = allowed_cores();
  const auto rows = make_rows({.models = {"a.onnx"},
                               .backends = {"native", "native"},
                               .threads = {0, cores, 0},
                               .batches = {2, 2}});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].options.threads, cores);
  EXPECT_EQ(rows[0].options.streams, 1);
  EXPECT_EQ(make_rows({.models = {"a.onnx", "a.onnx"}}).size(), 2U) << "to measure against itself";
}

TEST(MakeRows, SharesCoresOutAmongStreams) {
  const int cores = allowed_cores();
  const auto rows = make_rows({.models = {"a.onnx"}, .threads = {1}, .streams = {1, 0}});
  EXPECT_EQ(rows.back().options.streams, cores);
  EXPECT_EQ(rows.front().options.preference, engine::Preference::kLatency);
  const auto four = make_rows({.models = {"a.onnx"}, .threads = {0}, .streams = {4}});
  ASSERT_EQ(four.size(), 1U);
  EXPECT_EQ(four[0].options.threads, std::max(1, cores / 4));
  EXPECT_EQ(four[0].options.preference, engine::Preference::kThroughput);
}

TEST(GroupRows, RowsOfOneSettingAreMeasuredTogether) {
  const auto rows =
      make_rows({.models = {"a", "b"}, .backends = {"native", "reference"}, .batches = {1, 2}});
  // In rows: a native 1, a native 2, a reference 1, a reference 2, b native 1, ...
  EXPECT_EQ(group(rows, 1000, kRoomy), (Groups{{0, 2, 4, 6}, {1, 3, 5, 7}}));
}

TEST(GroupRows, KeepsTheBackendsOfAModelTogetherWhereItSplits) {
  const auto rows = make_rows({.models = {"a", "b", "c"}, .backends = {"x", "y"}});
  EXPECT_EQ(group(rows, 1000, {.rows = 5, .memory_bytes = 1'000'000}),
            (Groups{{0, 1, 2, 3}, {4, 5}}));
  EXPECT_EQ(group(rows, 1000, {.rows = 1, .memory_bytes = 1'000'000}),
            (Groups{{0}, {1}, {2}, {3}, {4}, {5}}));
}

TEST(GroupRows, KeepsToTheMemory) {
  const auto rows = make_rows({.models = {"a", "b", "c"}, .backends = {"x", "y"}});
  // A row takes 4000 bytes.
  EXPECT_EQ(group(rows, 1000, {.memory_bytes = 17'000}), (Groups{{0, 1, 2, 3}, {4, 5}}));
  EXPECT_EQ(group(rows, 1000, {.memory_bytes = 3'000}), (Groups{{0}, {1}, {2}, {3}, {4}, {5}}));
  EXPECT_EQ(group_rows(rows, std::vector<std::int64_t>{9000, 9000, 10, 10, 10, 10},
                       {.memory_bytes = 40'000}),
            (Groups{{0}, {1, 2, 3, 4, 5}}));
}

TEST(GroupRows, ManyModelsOfOneBackendFillGroups) {
  BenchMatrix matrix;
  for (int i = 0; i < 20; ++i) matrix.models.push_back("m" + std::to_string(i));
  const auto groups = group(make_rows(matrix), 1000, kRoomy);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].size(), 16U);
  EXPECT_TRUE(group({}, 0, kRoomy).empty());
}

TEST(DefaultLimits, LeaveRoom) { EXPECT_GT(default_limits().memory_bytes, 0); }

TEST(FindBaselines, ComparesBackendsOfTheSameModel) {
  const auto rows = make_rows({.models = {"a", "b"}, .backends = {"x", "y"}, .batches = {1, 2}});
  EXPECT_THAT(find_baselines(rows, all_measured(rows)),
              ElementsAre(std::nullopt, std::nullopt, 0, 1, std::nullopt, std::nullopt, 4, 5));
}

TEST(FindBaselines, ComparesModelsWhereThereIsOneBackend) {
  const auto rows = make_rows({.models = {"a", "b", "a"}, .batches = {1, 2}});
  EXPECT_THAT(find_baselines(rows, all_measured(rows)),
              ElementsAre(std::nullopt, std::nullopt, 0, 1, 0, 1));
  EXPECT_TRUE(find_baselines({}, {}).empty());
  EXPECT_THAT(find_baselines(rows, {false, true, true, true, true, true}),
              ElementsAre(std::nullopt, std::nullopt, std::nullopt, 1, 2, 1));
}

TEST(FindBaselines, TakesTheNextBackendWhereTheFirstFailed) {
  const auto rows = make_rows({.models = {"a", "b"}, .backends = {"x", "y", "z"}});
  EXPECT_THAT(find_baselines(rows, {false, true, true, true, false, true}),
              ElementsAre(std::nullopt, std::nullopt, 1, std::nullopt, std::nullopt, 3));
  EXPECT_THAT(find_baselines(rows, std::vector<bool>(6, false)), testing::Each(std::nullopt));
}

}  // namespace
}  // namespace lathe::measure

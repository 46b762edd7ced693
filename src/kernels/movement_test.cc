#include "kernels/movement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

#include "kernels/guarded_buffer.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

using Dims = std::vector<std::int64_t>;
using testing::HasSubstr;

std::vector<std::int32_t> counted(std::int64_t count) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<std::int32_t> run(const Problem& problem, std::initializer_list<const void*> inputs,
                              int threads = 2) {
  EXPECT_TRUE(check_problem(problem).ok()) << check_problem(problem).error().message();
  GuardedBuffer<std::int32_t> out(static_cast<std::size_t>(operand_bytes(problem)->output) / 4);
  ThreadPool pool(threads);
  Runner(problem, Isa::kScalar).run(inputs, out.data(), pool);
  EXPECT_TRUE(out.intact());
  return {out.data(), out.data() + out.size()};
}

TEST(StridedCopy, SlicesBackwardsAndRepeats) {
  const auto in = counted(12);  // [3, 4]
  EXPECT_THAT(run(StridedCopyProblem{{3, 2}, {4, -2}, 3, 12, 4}, {in.data()}),
              testing::ElementsAre(3, 1, 7, 5, 11, 9));
  EXPECT_THAT(run(StridedCopyProblem{{2, 3, 2}, {0, 4, 1}, 1, 12, 4}, {in.data()}),
              testing::ElementsAre(1, 2, 5, 6, 9, 10, 1, 2, 5, 6, 9, 10));
}

TEST(StridedCopy, LargeOnesGoByThreads) {
  const std::int64_t rows = 700;
  const auto in = counted(rows * 300);
  const auto out = run(StridedCopyProblem{{rows, 299}, {300, 1}, 1, rows * 300, 4}, {in.data()}, 3);
  for (std::size_t i = 0; i < out.size(); ++i)
    ASSERT_EQ(out[i], static_cast<std::int32_t>(i / 299 * 300 + i % 299 + 1));
}

TEST(Pad, AllModes) {
  const auto in = counted(6);  // [2, 3]
  const std::int32_t value = 9;
  PadProblem problem{{2, 3}, {1, 2}, {0, 1}, PadMode::kConstant, true, 4};
  EXPECT_THAT(run(problem, {in.data(), &value}),
              testing::ElementsAre(9, 9, 9, 9, 9, 9, 9, 9, 0, 1, 2, 9, 9, 9, 3, 4, 5, 9));
  problem.has_value = false;
  problem.begins = {-1, 2};
  problem.ends = {0, -1};
  EXPECT_THAT(run(problem, {in.data()}), testing::ElementsAre(0, 0, 3, 4));
  problem = {{2, 3}, {1, 2}, {0, 1}, PadMode::kEdge, false, 4};
  EXPECT_THAT(run(problem, {in.data()}),
              testing::ElementsAre(0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 5, 5));
  problem.mode = PadMode::kReflect;
  EXPECT_THAT(run(problem, {in.data()}),
              testing::ElementsAre(5, 4, 3, 4, 5, 4, 2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4));
  problem.mode = PadMode::kWrap;
  EXPECT_THAT(run(problem, {in.data()}),
              testing::ElementsAre(4, 5, 3, 4, 5, 3, 1, 2, 0, 1, 2, 0, 4, 5, 3, 4, 5, 3));
}

TEST(Gather, TakesIndicesFromBothEnds) {
  const auto in = counted(12);  // [2, 3, 2]
  const std::vector<std::int64_t> wide{2, -3};
  EXPECT_THAT(run(GatherProblem{2, 3, 8, 2, ElementType::kInt64}, {in.data(), wide.data()}),
              testing::ElementsAre(4, 5, 0, 1, 10, 11, 6, 7));
  const std::vector<std::int32_t> narrow{-1};
  EXPECT_THAT(run(GatherProblem{1, 12, 4, 1, ElementType::kInt32}, {in.data(), narrow.data()}),
              testing::ElementsAre(11));
}

TEST(Gather, RefusesWhatIsOutOfRange) {
  const auto in = counted(4);
  for (const std::int64_t index : {std::int64_t{4}, std::int64_t{-5}, INT64_MIN, INT64_MAX}) {
    const std::vector<std::int64_t> indices{0, index};
    const GatherProblem problem{1, 4, 4, 2, ElementType::kInt64};
    std::vector<std::int32_t> out(2);
    const void* inputs[] = {in.data(), indices.data()};
    void* output = out.data();
    ThreadPool pool(1);
    const Status status = kernel_of(best_kernel(problem, Isa::kScalar))
                              .run(problem, {inputs, &output, nullptr, nullptr, pool});
    EXPECT_THAT(status.error().message(), HasSubstr("indices[1] is out of range"));
  }
}

std::string error_of(const Problem& problem) { return check_problem(problem).error().message(); }

TEST(Movement, ProblemsThatReachOutside) {
  EXPECT_THAT(error_of(StridedCopyProblem{{3}, {1}, 1, 3, 4}), HasSubstr("beyond the 3 elements"));
  EXPECT_THAT(error_of(StridedCopyProblem{{3}, {-1}, 1, 3, 4}), HasSubstr("beyond"));
  EXPECT_THAT(error_of(StridedCopyProblem{{3}, {1, 1}, 0, 3, 4}), HasSubstr("2 strides"));
  EXPECT_THAT(error_of(StridedCopyProblem{{3}, {1}, 0, 3, 3}), HasSubstr("3 bytes"));
  EXPECT_THAT(error_of(PadProblem{{2}, {2}, {0}, PadMode::kReflect, false, 4}),
              HasSubstr("mirrored beyond"));
  EXPECT_THAT(error_of(PadProblem{{0}, {2}, {0}, PadMode::kEdge, false, 4}), HasSubstr("axis 0"));
  EXPECT_THAT(error_of(PadProblem{{2}, {-2}, {-1}, PadMode::kConstant, false, 4}),
              HasSubstr("negative"));
  EXPECT_THAT(error_of(PadProblem{{2}, {1, 1}, {0}, PadMode::kConstant, false, 4}),
              HasSubstr("2 and 1 axes"));
  EXPECT_THAT(error_of(GatherProblem{1, 1, 1, 1, ElementType::kFloat32}), HasSubstr("indices"));
  EXPECT_THAT(error_of(GatherProblem{1, 1, 0, 1, ElementType::kInt32}), HasSubstr("no bytes"));
  EXPECT_THAT(error_of(GatherProblem{-1, 1, 1, 1, ElementType::kInt32}), HasSubstr("negative"));
}

}  // namespace
}  // namespace lathe::kernels

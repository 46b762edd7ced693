#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "kernels/kernel.h"

namespace lathe::kernels {
namespace {

using testing::HasSubstr;

// One of every kind, such that every family has a problem.
std::vector<Problem> problems() {
  const ConvolutionShape regular{.in_c = 64, .out_c = 64};
  const ConvolutionShape narrow{.in_c = 4, .out_c = 4};
  const ConvolutionShape depthwise{.in_c = 64, .out_c = 64, .groups = 64};
  std::vector<Problem> all;
  for (const ConvolutionShape& shape : {regular, narrow, depthwise}) {
    all.emplace_back(ConvolutionF32Problem{shape, {}});
    all.emplace_back(ConvolutionInt8Problem{shape, {}, true, {}});
  }
  for (const PoolingKind kind :
       {PoolingKind::kMax, PoolingKind::kMean, PoolingKind::kMeanWithPadding}) {
    all.emplace_back(PoolingF32Problem{kind, PoolingShape::global(1, 2, 2, 64)});
    all.emplace_back(PoolingInt8Problem{kind, PoolingShape::global(1, 2, 2, 64), {}, {}});
  }
  all.emplace_back(BinaryF32Problem{});
  all.emplace_back(UnaryF32Problem{});
  all.emplace_back(AddInt8Problem{});
  all.emplace_back(QuantizeLinearProblem{});
  all.emplace_back(DequantizeLinearProblem{});
  all.emplace_back(SoftmaxF32Problem{false, 1, 1});
  all.emplace_back(PermuteProblem{{2, 3}, {1, 0}, 4});
  all.emplace_back(ConcatProblem{});
  all.emplace_back(CastProblem{ElementType::kFloat32, ElementType::kInt32, 1});
  all.emplace_back(CastProblem{ElementType::kFloat16, ElementType::kFloat32, 1});
  all.emplace_back(CastProblem{ElementType::kFloat32, ElementType::kFloat16, 1});
  all.emplace_back(LookupProblem{1});
  all.emplace_back(MatMulF32Problem{{2}, {1}, {0}, 3, 64, 5, {}});
  all.emplace_back(MatMulF32Problem{{2}, {1}, {0}, 3, 4, 5, {}});
  all.emplace_back(ElementwiseProblem{});
  all.emplace_back(StridedCopyProblem{});
  all.emplace_back(PadProblem{});
  all.emplace_back(GatherProblem{});
  all.emplace_back(ReduceProblem{});
  all.emplace_back(LayerNormF32Problem{1, 1, 0, true});
  return all;
}

TEST(KernelTable, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Kernel& kernel : all_kernels()) {
    EXPECT_TRUE(names.insert(kernel.name).second) << kernel.name;
    EXPECT_EQ(&kernel_of(*find_kernel(kernel.name)), &kernel);
  }
  EXPECT_FALSE(find_kernel("no such kernel"));
}

TEST(KernelTable, EveryProblemRunsEverywhereAndEveryKernelHasOne) {
  std::set<KernelId> used;
  for (const Problem& problem : problems()) {
    SCOPED_TRACE(problem.index());
    EXPECT_TRUE(check_problem(problem).ok());
    for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Vnni}) {
      const std::vector<KernelId> found = candidates(problem, isa);
      ASSERT_FALSE(found.empty());
      EXPECT_EQ(found.front(), best_kernel(problem, isa));
      EXPECT_LE(kernel_of(found.front()).isa, isa);
      EXPECT_EQ(kernel_of(found.back()).isa, Isa::kScalar);
      used.insert(found.begin(), found.end());
    }
  }
  EXPECT_EQ(used.size(), all_kernels().size());
}

TEST(KernelTable, AnInstructionSetComesBeforeALesserOne) {
  for (const Problem& problem : problems()) {
    // Of each family, whose kernels share a function's prefix of the name.
    const std::vector<KernelId> found = candidates(problem, Isa::kAvx512Vnni);
    for (std::size_t i = 1; i < found.size(); ++i) {
      const Kernel& before = kernel_of(found[i - 1]);
      const Kernel& after = kernel_of(found[i]);
      const auto family = [](std::string_view name) { return name.substr(0, name.find('_')); };
      if (family(before.name) != family(after.name)) continue;
      EXPECT_GE(before.isa, after.isa) << before.name << " " << after.name;
    }
  }
}

std::string error_of(const Problem& problem) { return check_problem(problem).error().message(); }

TEST(CheckProblem, SaysWhatMakesNoSense) {
  EXPECT_THAT(error_of(ConvolutionF32Problem{{.in_c = 0}, {}}), HasSubstr("convolution"));
  EXPECT_THAT(error_of(ConvolutionInt8Problem{{}, {false, 256}, true, {}}),
              HasSubstr("zero point 256"));
  EXPECT_THAT(error_of(ConvolutionInt8Problem{{}, {}, false, {true, 0}, -129, 127}),
              HasSubstr("bounds -129 and 127"));
  EXPECT_THAT(error_of(BinaryF32Problem{BinaryOpF32::kAdd, OperandF32::kSame, {}, -1, 2}),
              HasSubstr("negative"));
  EXPECT_THAT(error_of(PoolingInt8Problem{PoolingKind::kMax, {.stride_h = 0}, {}, {}}),
              HasSubstr("pooling"));
  EXPECT_THAT(error_of(PoolingInt8Problem{
                  PoolingKind::kMean, PoolingShape::global(1, 1 << 12, 1 << 12, 1), {}, {}}),
              HasSubstr("pixels"));
  EXPECT_THAT(error_of(AddInt8Problem{{true, 128}, {}, {}}), HasSubstr("zero point 128"));
  EXPECT_THAT(error_of(QuantizeLinearProblem{1, {true, 128}, 1}), HasSubstr("zero point"));
  EXPECT_THAT(error_of(DequantizeLinearProblem{1, {false, -1}, 1}), HasSubstr("zero point"));
  EXPECT_THAT(error_of(SoftmaxF32Problem{false, 1, 0}), HasSubstr("columns"));
  EXPECT_THAT(error_of(PermuteProblem{{2, 3}, {1, 1}, 4}), HasSubstr("permutation"));
  EXPECT_THAT(error_of(PermuteProblem{{2, 3}, {1, 0}, 3}), HasSubstr("3 bytes"));
  EXPECT_THAT(error_of(ConcatProblem{1, {-4}}), HasSubstr("negative"));
  EXPECT_THAT(error_of(CastProblem{ElementType::kFloat32, ElementType::kInt8, -1}),
              HasSubstr("negative"));
  EXPECT_THAT(error_of(LookupProblem{-1}), HasSubstr("negative"));
  EXPECT_THAT(error_of(ElementwiseProblem{ElementwiseOp::kSqrt, ElementType::kInt8, {1}, {1}}),
              HasSubstr("does not take"));
  EXPECT_THAT(error_of(ElementwiseProblem{ElementwiseOp::kAdd, ElementType::kInt8, {1}, {1}}),
              HasSubstr("1 strides"));
  EXPECT_THAT(error_of(ElementwiseProblem{ElementwiseOp::kAdd, ElementType::kInt8, {2}, {1, -1}}),
              HasSubstr("stride"));
  EXPECT_THAT(error_of(ElementwiseProblem{ElementwiseOp::kAdd, ElementType::kInt8, {}, {}}),
              HasSubstr("0 axes"));
  EXPECT_THAT(error_of(ReduceProblem{ReduceOp::kL2, ElementType::kInt32, {1}, {1}}),
              HasSubstr("does not take"));
  EXPECT_THAT(error_of(ReduceProblem{ReduceOp::kSum, ElementType::kInt32, {1}, {1, 1}}),
              HasSubstr("2 axes"));
  EXPECT_THAT(error_of(ReduceProblem{ReduceOp::kSum, ElementType::kInt32, {0, 1}, {1, 1}}),
              HasSubstr("nothing to reduce"));
  EXPECT_THAT(error_of(LayerNormF32Problem{1, 0, 0, false}), HasSubstr("columns"));
  EXPECT_THAT(error_of(MatMulF32Problem{{2}, {1, 1}, {0}, 3, 4, 5, {}}), HasSubstr("strides"));
  EXPECT_THAT(error_of(MatMulF32Problem{{2}, {-1}, {0}, 3, 4, 5, {}}), HasSubstr("strides"));
  EXPECT_THAT(error_of(MatMulF32Problem{{2}, {1}, {0}, 0, 4, 5, {}}), HasSubstr("empty"));
}

}  // namespace
}  // namespace lathe::kernels

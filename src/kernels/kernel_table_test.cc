#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "kernels/aligned_buffer.h"
#include "kernels/kernel.h"

namespace lathe::kernels {
namespace {

using testing::HasSubstr;

// One of every kind, such that every family has a problem.
std::vector<Problem> problems() {
  const ConvolutionShape regular{.in_c = 64, .out_c = 64};
  const ConvolutionShape narrow{.in_c = 4, .out_c = 4};
  const ConvolutionShape depthwise{.in_c = 64, .out_c = 64, .groups = 64};
  const ConvolutionShape square{.in_h = 14,
                                .in_w = 14,
                                .in_c = 64,
                                .out_h = 12,
                                .out_w = 12,
                                .out_c = 64,
                                .kernel_h = 3,
                                .kernel_w = 3};
  std::vector<Problem> all;
  for (const ConvolutionShape& shape : {regular, narrow, depthwise, square}) {
    all.emplace_back(ConvolutionF32Problem{shape, {}});
    all.emplace_back(ConvolutionF32Problem{.shape = shape, .storage = ElementType::kBFloat16});
    all.emplace_back(ConvolutionInt8Problem{shape, {}, true, {}});
  }
  for (const PoolingKind kind :
       {PoolingKind::kMax, PoolingKind::kMean, PoolingKind::kMeanWithPadding}) {
    all.emplace_back(PoolingF32Problem{kind, PoolingShape::global(1, 2, 2, 64)});
    all.emplace_back(PoolingInt8Problem{kind, PoolingShape::global(1, 2, 2, 64), {}, {}});
  }
  all.emplace_back(BinaryF32Problem{});
  all.emplace_back(UnaryF32Problem{});
  all.emplace_back(BinaryInt8Problem{});
  all.emplace_back(BinaryInt8Problem{BinaryOpInt8::kMul});
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
  all.emplace_back(MatMulInt8Problem{{2}, {1}, {0}, 3, 64, 5});
  all.emplace_back(TakeGridProblem{});
  all.emplace_back(InterpolateF32Problem{});
  all.emplace_back(ElementwiseProblem{});
  all.emplace_back(StridedCopyProblem{});
  all.emplace_back(PadProblem{});
  all.emplace_back(GatherProblem{});
  all.emplace_back(ReduceProblem{});
  all.emplace_back(ArgReduceProblem{});
  all.emplace_back(LayerNormF32Problem{1, 1, 0, true});
  all.emplace_back(GroupNormF32Problem{});
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
    for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvxVnni, Isa::kAvx512, Isa::kAvx512Vnni,
                          Isa::kAvx512Bf16, Isa::kAmx, Isa::kNeonDot}) {
      const std::vector<KernelId> found = candidates(problem, isa);
      ASSERT_FALSE(found.empty());
      EXPECT_EQ(found.front(), best_kernel(problem, isa));
      EXPECT_TRUE(isa.has(kernel_of(found.front()).isa));
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
      // The others are in order of what they expect to take.
      if (family(before.name) != family(after.name) || before.nanoseconds != nullptr) continue;
      EXPECT_TRUE(before.isa == after.isa || !after.isa.has(before.isa))
          << before.name << " " << after.name;
    }
  }
}

std::string error_of(const Problem& problem) { return check_problem(problem).error().message(); }

TEST(CheckProblem, SaysWhatMakesNoSense) {
  EXPECT_THAT(error_of(ConvolutionF32Problem{{.in_c = 0}, {}}), HasSubstr("convolution"));
  EXPECT_THAT(
      error_of(ConvolutionF32Problem{
          {.in_h = 1 << 21, .in_c = 8, .out_w = 1025, .kernel_w = 2, .stride_w = 1 << 30}, {}}),
      HasSubstr("too large"));
  EXPECT_THAT(error_of(ConvolutionInt8Problem{{}, {false, 256}, true, {}}),
              HasSubstr("zero point 256"));
  EXPECT_THAT(error_of(ConvolutionInt8Problem{{}, {}, false, {true, 0}, -129, 127}),
              HasSubstr("bounds -129 and 127"));
  EXPECT_THAT(error_of(UnaryF32Problem{.storage = ElementType::kInt8}), HasSubstr("storage"));
  EXPECT_THAT(error_of(ConvolutionF32Problem{{}, {}, true, ElementType::kBFloat16, true}),
              HasSubstr("residual"));
  EXPECT_THAT(error_of(BinaryF32Problem{BinaryOpF32::kAdd, OperandF32::kSame, {}, -1, 2}),
              HasSubstr("negative"));
  EXPECT_THAT(error_of(PoolingInt8Problem{PoolingKind::kMax, {.stride_h = 0}, {}, {}}),
              HasSubstr("pooling"));
  EXPECT_THAT(error_of(PoolingInt8Problem{
                  PoolingKind::kMean, PoolingShape::global(1, 1 << 12, 1 << 12, 1), {}, {}}),
              HasSubstr("pixels"));
  EXPECT_THAT(error_of(BinaryInt8Problem{BinaryOpInt8::kAdd, {true, 128}, {}, {}}),
              HasSubstr("zero point 128"));
  EXPECT_THAT(error_of(BinaryInt8Problem{.strides = {1}}), HasSubstr("1 strides"));
  EXPECT_THAT(error_of(BinaryInt8Problem{.extents = {2}, .strides = {1, -1}}), HasSubstr("stride"));
  EXPECT_THAT(error_of(MatMulInt8Problem{{}, {}, {}, 0, 4, 4}), HasSubstr("empty"));
  EXPECT_THAT(error_of(MatMulInt8Problem{{}, {}, {}, 4, 4, 4, {}, {true, 128}}),
              HasSubstr("zero point 128"));
  EXPECT_THAT(error_of(TakeGridProblem{1, 2, 2, 1, {2}, {0}}), HasSubstr("2 of 2"));
  EXPECT_THAT(error_of(TakeGridProblem{1, 2, 2, 1, {0}, {-1}}), HasSubstr("-1 of 2"));
  EXPECT_THAT(error_of(TakeGridProblem{1, 2, 2, 1, {}, {0}}), HasSubstr("0 lines"));
  EXPECT_THAT(error_of(InterpolateF32Problem{.row_taps = 2}), HasSubstr("by 2"));
  EXPECT_THAT(error_of(InterpolateF32Problem{.row_weights = {}}), HasSubstr("weights"));
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
  EXPECT_THAT(error_of(GroupNormF32Problem{.pixels = 0}), HasSubstr("pixels"));
  EXPECT_THAT(error_of(GroupNormF32Problem{.channels = 6, .groups = 4}), HasSubstr("divisible"));
  EXPECT_THAT(error_of(MatMulF32Problem{{2}, {1, 1}, {0}, 3, 4, 5, {}}), HasSubstr("strides"));
  EXPECT_THAT(error_of(MatMulF32Problem{{2}, {-1}, {0}, 3, 4, 5, {}}), HasSubstr("strides"));
  EXPECT_THAT(error_of(MatMulF32Problem{{2}, {1}, {0}, 0, 4, 5, {}}), HasSubstr("empty"));
}

TEST(Without, KeepsExtentsWhereNoneAreTypical) {
  const ConvolutionF32Problem usual{
      {.in_h = 5, .in_w = 9, .in_c = 32, .out_h = 5, .out_w = 9, .out_c = 256}, {}};
  EXPECT_EQ(std::get<ConvolutionF32Problem>(without(Extents::kAll, usual)).shape.out_h, 14);
  EXPECT_EQ(std::get<ConvolutionF32Problem>(without(Extents::kBatch, usual)).shape.out_h, 5);
  const ConvolutionF32Problem strided{
      {.in_c = 256, .out_c = 512, .stride_h = 1 << 24, .stride_w = 1 << 24}, {}};
  EXPECT_EQ(std::get<ConvolutionF32Problem>(without(Extents::kAll, strided)), strided);
}

// Where the output may lie on an operand, it comes out the same.
TEST(KernelTable, OverwritesOperandsWhereItSaysSo) {
  constexpr std::int64_t kCount = 1003;
  std::vector<Problem> all;
  for (const ElementType type :
       {ElementType::kFloat32, ElementType::kInt8, ElementType::kInt64, ElementType::kFloat64}) {
    all.emplace_back(ElementwiseProblem{ElementwiseOp::kMul, type, {17, 59}, {59, 1, 59, 1}});
    all.emplace_back(ElementwiseProblem{ElementwiseOp::kAdd, type, {17, 59}, {0, 1, 59, 1}});
  }
  all.emplace_back(
      ElementwiseProblem{ElementwiseOp::kExp, ElementType::kFloat32, {17, 59}, {59, 1}});
  all.emplace_back(BinaryF32Problem{BinaryOpF32::kMul, OperandF32::kSame, {}, 17, 59});
  all.emplace_back(BinaryF32Problem{BinaryOpF32::kMul, OperandF32::kColumn, {}, 17, 59});
  all.emplace_back(UnaryF32Problem{UnaryOpF32::kTanh, 0, 0, {}, kCount});
  all.emplace_back(BinaryInt8Problem{.extents = {kCount}});
  all.emplace_back(
      BinaryInt8Problem{.op = BinaryOpInt8::kMul, .extents = {17, 59}, .strides = {59, 1, 0, 1}});
  all.emplace_back(SoftmaxF32Problem{false, 17, 59, 1});
  all.emplace_back(SoftmaxF32Problem{false, 1, 59, 17});
  all.emplace_back(LookupProblem{kCount});
  ThreadPool pool(2);
  int tried = 0;
  for (const Problem& problem : all) {
    const OperandBytes bytes = *operand_bytes(problem);
    for (const Isa isa : supported_isas()) {
      const Kernel& kernel = kernel_of(best_kernel(problem, isa));
      std::vector<std::vector<std::uint8_t>> given;
      for (const std::int64_t size : bytes.inputs) {
        auto& input = given.emplace_back(static_cast<std::size_t>(size));
        for (std::size_t i = 0; i < input.size(); ++i)
          input[i] = static_cast<std::uint8_t>((i * 37 + given.size()) % 61);
      }
      const auto run = [&](std::vector<std::vector<std::uint8_t>>& inputs, void* output) {
        std::vector<const void*> places;
        for (auto& input : inputs) places.push_back(input.data());
        AlignedBuffer<std::byte> scratch(
            kernel.scratch_bytes == nullptr ? 0 : kernel.scratch_bytes(problem, 2));
        EXPECT_TRUE(
            kernel.run(problem, {places.data(), &output, nullptr, scratch.data(), pool}).ok());
      };
      std::vector<std::uint8_t> expected(static_cast<std::size_t>(bytes.output));
      run(given, expected.data());
      for (std::size_t i = 0; i < given.size(); ++i) {
        if (!may_overwrite(problem, i)) continue;
        ++tried;
        auto inputs = given;
        ASSERT_EQ(inputs[i].size(), expected.size());
        run(inputs, inputs[i].data());
        EXPECT_EQ(inputs[i], expected) << kernel.name << ' ' << i;
      }
    }
  }
  EXPECT_GT(tried, 0);
  EXPECT_FALSE(may_overwrite(all[1], 0));
  EXPECT_FALSE(
      may_overwrite(BinaryF32Problem{BinaryOpF32::kMul, OperandF32::kColumn, {}, 2, 3}, 1));
  EXPECT_FALSE(may_overwrite(ConvolutionF32Problem{}, 0));
}

// Numbers that tell weights, channels and taps apart.
std::uint64_t packed_digest(const Kernel& kernel, const Problem& problem) {
  AlignedBuffer<std::byte> packed(kernel.packed_bytes(problem));
  ThreadPool pool(1);
  if (const auto* f32 = std::get_if<ConvolutionF32Problem>(&problem)) {
    const std::int64_t count = f32->shape.out_c * f32->shape.group_in_c() * f32->shape.taps();
    std::vector<float> weights(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i) + 1;
    std::vector<float> bias(static_cast<std::size_t>(f32->shape.out_c));
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = -static_cast<float>(i) - 1;
    kernel.pack(problem, WeightsF32{weights, bias}, packed.data(), pool);
  } else {
    const ConvolutionShape& shape = std::get<ConvolutionInt8Problem>(problem).shape;
    std::vector<std::int8_t> weights(
        static_cast<std::size_t>(shape.out_c * shape.group_in_c() * shape.taps()));
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i] = static_cast<std::int8_t>(static_cast<int>(i * 7 % 251) - 125);
    std::vector<std::int32_t> bias(static_cast<std::size_t>(shape.out_c));
    std::vector<float> multipliers(bias.size());
    for (std::size_t i = 0; i < bias.size(); ++i) {
      bias[i] = static_cast<std::int32_t>(i) * 1000 - 7;
      multipliers[i] = static_cast<float>(i) + 0.5F;
    }
    kernel.pack(problem, WeightsInt8{weights, bias, multipliers}, packed.data(), pool);
  }
  std::uint64_t digest = 14695981039346656037U;  // FNV-1a
  for (const std::byte b : packed.span()) {
    digest ^= static_cast<std::uint64_t>(b);
    digest *= 1099511628211U;
  }
  return digest;
}

// Files keep what was packed: whoever changes it changes kPackingVersion too, and this.
TEST(KernelTable, PacksAsItsVersionSays) {
  const std::map<std::string, std::uint64_t> expected = {
#include "kernels/packing_digests.inc"
  };
  std::map<std::string, std::uint64_t> actual;
  for (const Kernel& kernel : all_kernels()) {
    if (kernel.pack == nullptr) continue;
    for (const ConvolutionShape& shape :
         {ConvolutionShape{.in_c = 5, .out_c = 37, .kernel_h = 3, .kernel_w = 2},
          ConvolutionShape{.in_c = 37, .out_c = 37, .kernel_h = 3, .kernel_w = 2, .groups = 37},
          ConvolutionShape{.in_c = 5, .out_c = 37, .kernel_h = 3, .kernel_w = 3}}) {
      const ConvolutionF32Problem narrow{.shape = shape, .storage = ElementType::kBFloat16};
      for (const Problem& problem : {Problem(ConvolutionF32Problem{shape, {}}), Problem(narrow),
                                     Problem(ConvolutionInt8Problem{shape, {}, true, {}})}) {
        if (kernel.fits(problem))
          actual[fmt::format("{} {}x{} {}{}", kernel.name, shape.kernel_h, shape.kernel_w,
                             shape.groups, problem == Problem(narrow) ? " bfloat16" : "")] =
              packed_digest(kernel, problem);
      }
    }
  }
  EXPECT_FALSE(actual.empty());
  for (const auto& [name, digest] : actual) {
    const auto known = expected.find(name);
    EXPECT_TRUE(known != expected.end() && known->second == digest)
        << fmt::format("{{\"{}\", 0x{:x}}},", name, digest);
  }
}

}  // namespace
}  // namespace lathe::kernels

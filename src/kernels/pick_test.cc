#include "kernels/pick.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <iterator>

#include "kernels/add_int8/kernels.h"
#include "kernels/depthwise_f32/kernels.h"
#include "kernels/depthwise_int8/kernels.h"
#include "kernels/elementwise_f32/kernels.h"
#include "kernels/igemm_f32/kernels.h"
#include "kernels/igemm_int8/kernels.h"
#include "kernels/pooling_f32/kernels.h"
#include "kernels/pooling_int8/kernels.h"
#include "kernels/quantize_linear/kernels.h"
#include "kernels/softmax_f32/kernels.h"

namespace lathe::kernels {
namespace {

struct Plain {
  Isa isa;
};

struct Choosy {
  Isa isa;
  int least;

  [[nodiscard]] bool takes(int size) const { return size >= least; }
};

TEST(Pick, TakesTheFirstThatTheInstructionSetAllows) {
  constexpr Plain kList[] = {{Isa::kAvx512}, {Isa::kAvx2}, {Isa::kAvx2}, {Isa::kScalar}};
  EXPECT_EQ(&pick(kList, Isa::kAvx512Vnni), &kList[0]);
  EXPECT_EQ(&pick(kList, Isa::kAvx512), &kList[0]);
  EXPECT_EQ(&pick(kList, Isa::kAvx2), &kList[1]);
  EXPECT_EQ(&pick(kList, Isa::kScalar), &kList[3]);
}

TEST(Pick, PassesOverThoseThatDoNotTakeTheProblem) {
  constexpr Choosy kList[] = {{Isa::kAvx512, 16}, {Isa::kAvx512, 8}, {Isa::kScalar, 0}};
  EXPECT_EQ(&pick(kList, Isa::kAvx512, 16), &kList[0]);
  EXPECT_EQ(&pick(kList, Isa::kAvx512, 15), &kList[1]);
  EXPECT_EQ(&pick(kList, Isa::kAvx512, 7), &kList[2]);
  EXPECT_EQ(&pick(kList, Isa::kScalar, 16), &kList[2]);
}

TEST(PickDeath, StopsWhereNothingFits) {
  constexpr Choosy kList[] = {{Isa::kAvx2, 0}, {Isa::kScalar, 8}};
  EXPECT_DEATH(pick(kList, Isa::kScalar, 7), "no scalar one");
}

template <typename Kernel, std::size_t kCount, typename... Problem>
void check_list(const Kernel (&kernels)[kCount], Problem... problem) {
  const Kernel& last = kernels[kCount - 1];
  SCOPED_TRACE(last.name);
  EXPECT_EQ(last.isa, Isa::kScalar);
  EXPECT_EQ(&pick(kernels, Isa::kScalar, problem...), &last);
  EXPECT_TRUE(std::is_sorted(std::rbegin(kernels), std::rend(kernels),
                             [](const Kernel& a, const Kernel& b) { return a.isa < b.isa; }))
      << "an instruction set comes before a better one, which is never picked";
}

TEST(Pick, EveryListIsOrderedAndEndsWithAScalarKernelForEverything) {
  check_list(kAddInt8Kernels);
  check_list(kDepthwiseF32Kernels);
  check_list(kDepthwiseInt8Kernels, 1);
  check_list(kElementwiseF32Kernels);
  check_list(kIgemmF32Kernels, 1);
  check_list(kIgemmF32Kernels, 1000);
  check_list(kIgemmInt8Kernels);
  check_list(kPoolingF32Kernels);
  check_list(kPoolingInt8Kernels, 1);
  check_list(kQuantizeLinearKernels);
  check_list(kSoftmaxF32Kernels);
}

}  // namespace
}  // namespace lathe::kernels

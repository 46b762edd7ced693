#include "kernels/pick.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace lathe::kernels

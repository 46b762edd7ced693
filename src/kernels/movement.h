// Operators that move elements without computing.
#pragma once

#include "kernels/kernel.h"
#include "kernels/plain_kernel.h"
#include "kernels/transpose/kernels.h"

namespace lathe::kernels {

// Families, as kernel_table.cc has them.
struct Permute {
  using Problem = PermuteProblem;
  using Row = TransposeKernel;
  static constexpr const auto& kRows = kTransposeKernels;
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct Concat {
  using Problem = ConcatProblem;
  using Row = PlainKernel;
  static constexpr PlainKernel kRows[] = {{Isa::kScalar, "copy"}};
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct StridedCopy {
  using Problem = StridedCopyProblem;
  using Row = PlainKernel;
  static constexpr PlainKernel kRows[] = {{Isa::kScalar, "strided_copy"}};
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct Pad {
  using Problem = PadProblem;
  using Row = PlainKernel;
  static constexpr PlainKernel kRows[] = {{Isa::kScalar, "pad"}};
  static void run(const Problem& problem, const Row& row, const Operands& operands);
};

struct Gather {
  using Problem = GatherProblem;
  using Row = PlainKernel;
  static constexpr PlainKernel kRows[] = {{Isa::kScalar, "gather"}};
  // Fails where an index is out of range.
  static Status run(const Problem& problem, const Row& row, const Operands& operands);
};

}  // namespace lathe::kernels

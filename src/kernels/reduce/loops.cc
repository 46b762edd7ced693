#include "kernels/reduce/args.h"

#define HWY_TARGET_INCLUDE "kernels/reduce/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/fold-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

template <ReduceOp kOp>
struct Reduction {
  static HWY_INLINE VF64 nothing() {
    const F64 d;
    if constexpr (kOp == ReduceOp::kMax) return hn::Neg(hn::Inf(d));
    if constexpr (kOp == ReduceOp::kMin) return hn::Inf(d);
    return hn::Set(d, kOp == ReduceOp::kProd ? 1 : 0);
  }
  static HWY_INLINE VF64 term(VF64 x) {
    if constexpr (kOp == ReduceOp::kL1) return hn::Abs(x);
    if constexpr (kOp == ReduceOp::kSumSquare) return hn::Mul(x, x);
    return x;
  }
  // NaN of the total stays; of the two, x where it is NaN or they are equal.
  template <class V>
  static HWY_INLINE V combine(V total, V x) {
    if constexpr (kOp == ReduceOp::kProd) return hn::Mul(total, x);
    if constexpr (kOp != ReduceOp::kMax && kOp != ReduceOp::kMin) return hn::Add(total, x);
#if HWY_ARCH_X86
    const V chosen = kOp == ReduceOp::kMax ? hn::Max(total, x) : hn::Min(total, x);
#else
    const auto better = kOp == ReduceOp::kMax ? hn::Gt(total, x) : hn::Lt(total, x);
    const V chosen = hn::IfThenElse(better, total, x);
#endif
    return hn::IfThenElse(hn::IsNaN(total), total, chosen);
  }
  [[nodiscard]] HWY_INLINE const Reduction& columns(std::size_t, std::size_t) const {
    return *this;
  }
};

template <ReduceOp kOp>
void loop(const ReduceArgs& args) {
  const F64 d;
  const Reduction<kOp> fold;
  const auto* in = static_cast<const float*>(args.in);
  auto* totals = static_cast<double*>(args.totals);
  if (args.outputs == 0) return fold_lines(fold, in, args.count, args.runs, args.run_step, totals);
  for (std::size_t o = 0; o < args.outputs; ++o, in += args.out_step) {
    const double folded = fold_runs(fold, in, args.count, args.runs, args.run_step);
    totals[o] = hn::GetLane(fold.combine(hn::Set(d, totals[o]), hn::Set(d, folded)));
  }
}

}  // namespace

void reduce_f32(const ReduceArgs& args) {
  switch (args.op) {
    case ReduceOp::kSum:
    case ReduceOp::kMean:
      return loop<ReduceOp::kSum>(args);
    case ReduceOp::kMax:
      return loop<ReduceOp::kMax>(args);
    case ReduceOp::kMin:
      return loop<ReduceOp::kMin>(args);
    case ReduceOp::kProd:
      return loop<ReduceOp::kProd>(args);
    case ReduceOp::kSumSquare:
    case ReduceOp::kL2:
      return loop<ReduceOp::kSumSquare>(args);
    case ReduceOp::kL1:
      return loop<ReduceOp::kL1>(args);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

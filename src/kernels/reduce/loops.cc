#include "kernels/reduce/args.h"

#define HWY_TARGET_INCLUDE "kernels/reduce/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

using F64 = hn::ScalableTag<double>;
using VF64 = hn::Vec<F64>;
using Half = hn::Rebind<float, F64>;  // as many elements of float32

// NaN of the total stays; of the two, x where it is NaN or they are equal.
template <ReduceOp kOp, class V>
HWY_INLINE V combine(V total, V x) {
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

// The lanes, half of them with the other half.
template <ReduceOp kOp, class D>
HWY_INLINE double combine_lanes(D /*tag*/, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Half<D> half;
    return combine_lanes<kOp>(half, combine<kOp>(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  } else {
    return hn::GetLane(v);
  }
}

// What an element adds to a total.
template <ReduceOp kOp>
HWY_INLINE VF64 term(VF64 x) {
  if constexpr (kOp == ReduceOp::kL1) return hn::Abs(x);
  if constexpr (kOp == ReduceOp::kSumSquare) return hn::Mul(x, x);
  return x;
}

// What changes no total.
template <ReduceOp kOp>
HWY_INLINE VF64 nothing() {
  const F64 d;
  if constexpr (kOp == ReduceOp::kMax) return hn::Neg(hn::Inf(d));
  if constexpr (kOp == ReduceOp::kMin) return hn::Inf(d);
  return hn::Set(d, kOp == ReduceOp::kProd ? 1 : 0);
}

template <ReduceOp kOp>
HWY_INLINE VF64 terms_at(const float* at) {
  return term<kOp>(hn::PromoteTo(F64(), hn::LoadU(Half(), at)));
}

// The first `count` elements, at least one, and nothing.
template <ReduceOp kOp>
HWY_INLINE VF64 first_terms_at(const float* at, std::size_t count) {
  const F64 d;
  if (count >= hn::Lanes(d)) return terms_at<kOp>(at);
  const VF64 terms = term<kOp>(hn::PromoteTo(d, load_first(Half(), at, count)));
  return hn::IfThenElse(hn::FirstN(d, count), terms, nothing<kOp>());
}

// Some runs at a time, so that totals are not fetched and stored for each.
template <ReduceOp kOp, int kRuns>
void add_runs(const ReduceArgs& args, const float* in, double* totals) {
  const F64 d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < args.count; i += lanes) {
    const std::size_t left = args.count - i;
    VF64 total = load_first(d, totals + i, left);
    const float* at = in + i;
#pragma GCC unroll 4
    for (int run = 0; run < kRuns; ++run, at += args.run_step)
      total = combine<kOp>(total, first_terms_at<kOp>(at, left));
    store_first(total, d, totals + i, left);
  }
}

template <ReduceOp kOp>
void reduce_columns(const ReduceArgs& args) {
  constexpr std::size_t kRuns = 4;
  const auto* in = static_cast<const float*>(args.in);
  auto* totals = static_cast<double*>(args.totals);
  std::size_t run = 0;
  for (; run + kRuns <= args.runs; run += kRuns, in += kRuns * args.run_step)
    add_runs<kOp, kRuns>(args, in, totals);
  for (; run < args.runs; ++run, in += args.run_step) add_runs<kOp, 1>(args, in, totals);
}

template <ReduceOp kOp>
double reduce_runs(const ReduceArgs& args, const float* in) {
  const F64 d;
  constexpr std::size_t kLanes = hn::MaxLanes(F64());
  constexpr std::size_t kVectors = kReduceParts / kLanes;
  VF64 parts[kVectors];
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors; ++v) parts[v] = nothing<kOp>();
  for (std::size_t run = 0; run < args.runs; ++run, in += args.run_step) {
    std::size_t i = 0;
    for (; i + kReduceParts <= args.count; i += kReduceParts) {
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v)
        parts[v] = combine<kOp>(parts[v], terms_at<kOp>(in + i + v * kLanes));
    }
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = i + v * kLanes;
      if (at < args.count)
        parts[v] = combine<kOp>(parts[v], first_terms_at<kOp>(in + at, args.count - at));
    }
  }
#pragma GCC unroll 4
  for (std::size_t width = kVectors / 2; width > 0; width /= 2) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < width; ++v) parts[v] = combine<kOp>(parts[v], parts[v + width]);
  }
  return combine_lanes<kOp>(d, parts[0]);
}

template <ReduceOp kOp>
void loop(const ReduceArgs& args) {
  if (args.outputs == 0) return reduce_columns<kOp>(args);
  const F64 d;
  auto* totals = static_cast<double*>(args.totals);
  for (std::size_t o = 0; o < args.outputs; ++o) {
    const float* in =
        static_cast<const float*>(args.in) + static_cast<std::ptrdiff_t>(o) * args.out_step;
    const VF64 before = hn::Set(d, totals[o]);
    totals[o] = hn::GetLane(combine<kOp>(before, hn::Set(d, reduce_runs<kOp>(args, in))));
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

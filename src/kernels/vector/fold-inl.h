// Elements of float32 folded into totals of float64, once for each target: see targets.h. A fold
// says how:
//
//   VF64 nothing()               changes no total
//   VF64 term(VF64 x)            what elements add to totals
//   V combine(V total, V term)   also of narrower vectors
//   columns(column, count)       the fold of a vector of columns, for fold_lines()
// clang-format off
#if defined(LATHE_KERNELS_FOLD_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LATHE_KERNELS_FOLD_INL
#undef LATHE_KERNELS_FOLD_INL
#else
#define LATHE_KERNELS_FOLD_INL
#endif
// clang-format on

#include "kernels/fold_parts.h"
#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {

using F64 = hn::ScalableTag<double>;
using VF64 = hn::Vec<F64>;
using HalfF32 = hn::Rebind<float, F64>;  // as many elements of float32

// The terms of the first `count` elements, at least one, which may be all, and nothing.
template <class Fold>
HWY_INLINE VF64 first_terms(const Fold& fold, const float* from, std::size_t count) {
  const F64 d;
  const VF64 terms = fold.term(hn::PromoteTo(d, load_first(HalfF32(), from, count)));
  if (HWY_LIKELY(count >= hn::Lanes(d))) return terms;
  return hn::IfThenElse(hn::FirstN(d, count), terms, fold.nothing());
}

// The lanes, half of them with the other half.
template <class Fold, class D>
HWY_INLINE double fold_lanes(const Fold& fold, D /*tag*/, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Half<D> half;
    const auto folded = fold.combine(hn::LowerHalf(half, v), hn::UpperHalf(half, v));
    return fold_lanes(fold, half, folded);
  } else {
    return hn::GetLane(v);
  }
}

// All elements of `runs` runs of `count`, `step` elements from one to the next.
template <class Fold>
double fold_runs(const Fold& fold, const float* in, std::size_t count, std::size_t runs,
                 std::ptrdiff_t step) {
  const F64 d;
  constexpr std::size_t kLanes = hn::MaxLanes(F64());
  constexpr std::size_t kVectors = kFoldParts / kLanes;
  VF64 parts[kVectors];
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors; ++v) parts[v] = fold.nothing();
  for (std::size_t run = 0; run < runs; ++run, in += step) {
    std::size_t i = 0;
    for (; i + kFoldParts <= count; i += kFoldParts) {
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v)
        parts[v] = fold.combine(parts[v], first_terms(fold, in + i + v * kLanes, kLanes));
    }
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = i + v * kLanes;
      if (at < count) parts[v] = fold.combine(parts[v], first_terms(fold, in + at, count - at));
    }
  }
#pragma GCC unroll 4
  for (std::size_t width = kVectors / 2; width > 0; width /= 2) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < width; ++v) parts[v] = fold.combine(parts[v], parts[v + width]);
  }
  return fold_lanes(fold, d, parts[0]);
}

template <int kLines, class Fold>
void fold_some_lines(const Fold& fold, const float* in, std::size_t count, std::ptrdiff_t step,
                     double* totals) {
  const F64 d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t c = 0; c < count; c += lanes) {
    const std::size_t left = count - c;
    const auto own = fold.columns(c, left);
    VF64 total = load_first(d, totals + c, left);
    const float* at = in + c;
#pragma GCC unroll 4
    for (int line = 0; line < kLines; ++line, at += step)
      total = own.combine(total, first_terms(own, at, left));
    store_first(total, d, totals + c, left);
  }
}

// in[c] of each of `lines` lines into totals[c], c < count, in their order: some lines at a time,
// so that totals are not fetched and stored for each.
template <class Fold>
void fold_lines(const Fold& fold, const float* in, std::size_t count, std::size_t lines,
                std::ptrdiff_t step, double* totals) {
  constexpr std::size_t kLines = 4;
  for (; lines >= kLines; lines -= kLines, in += kLines * step)
    fold_some_lines<kLines>(fold, in, count, step, totals);
  for (; lines > 0; --lines, in += step) fold_some_lines<1>(fold, in, count, step, totals);
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard

// The loops that reduce, for the compiler to vectorise for the instruction set of the file that
// includes them: internal linkage keeps them there.
#pragma once

#include <cstdint>

#include "kernels/reduce/args.h"

namespace lathe::kernels {
namespace {

// Totals that a run is split over, so that they do not wait for each other. The same for all
// instruction sets: so are the results.
constexpr std::size_t kParts = 16;

// What totals are held in while they are computed: integers wrap around.
template <typename Total>
struct Computed {
  using Type = Total;
};
template <>
struct Computed<std::int64_t> {
  using Type = std::uint64_t;
};

template <ReduceOp kOp, typename Total>
Total combine(Total a, Total b) {
  using U = typename Computed<Total>::Type;
  if constexpr (kOp == ReduceOp::kMax) return a > b || a != a ? a : b;
  if constexpr (kOp == ReduceOp::kMin) return a < b || a != a ? a : b;
  if constexpr (kOp == ReduceOp::kProd)
    return static_cast<Total>(static_cast<U>(a) * static_cast<U>(b));
  return static_cast<Total>(static_cast<U>(a) + static_cast<U>(b));
}

// What an element adds to a total.
template <ReduceOp kOp, typename Total>
Total term(Total x) {
  using U = typename Computed<Total>::Type;
  if constexpr (kOp == ReduceOp::kL1)
    return x < Total{0} ? static_cast<Total>(U{0} - static_cast<U>(x)) : x;
  if constexpr (kOp == ReduceOp::kSumSquare || kOp == ReduceOp::kL2)
    return static_cast<Total>(static_cast<U>(x) * static_cast<U>(x));
  return x;
}

template <ReduceOp kOp, typename T, typename Total>
void loop(const ReduceArgs& args) {
  const auto* in = static_cast<const T*>(args.in);
  auto* totals = static_cast<Total*>(args.totals);
  if (!args.one) {
    for (std::size_t i = 0; i < args.count; ++i)
      totals[i] = combine<kOp>(totals[i], term<kOp>(static_cast<Total>(in[i])));
    return;
  }
  std::size_t i = 0;
  if (args.count >= kParts) {
    Total parts[kParts];
    for (std::size_t j = 0; j < kParts; ++j) parts[j] = term<kOp>(static_cast<Total>(in[j]));
    for (i = kParts; i + kParts <= args.count; i += kParts) {
      for (std::size_t j = 0; j < kParts; ++j)
        parts[j] = combine<kOp>(parts[j], term<kOp>(static_cast<Total>(in[i + j])));
    }
    for (std::size_t width = kParts / 2; width > 0; width /= 2)
      for (std::size_t j = 0; j < width; ++j) parts[j] = combine<kOp>(parts[j], parts[j + width]);
    *totals = combine<kOp>(*totals, parts[0]);
  }
  for (; i < args.count; ++i) *totals = combine<kOp>(*totals, term<kOp>(static_cast<Total>(in[i])));
}

template <ReduceOp kOp>
void of_type(const ReduceArgs& args) {
  switch (args.type) {
    case ElementType::kFloat32:
      return loop<kOp, float, double>(args);
    case ElementType::kFloat64:
      return loop<kOp, double, double>(args);
    case ElementType::kInt32:
      return loop<kOp, std::int32_t, std::int64_t>(args);
    case ElementType::kInt64:
      return loop<kOp, std::int64_t, std::int64_t>(args);
    default:
      return;
  }
}

void reduce(const ReduceArgs& args) {
  switch (args.op) {
    case ReduceOp::kSum:
    case ReduceOp::kMean:
      return of_type<ReduceOp::kSum>(args);
    case ReduceOp::kMax:
      return of_type<ReduceOp::kMax>(args);
    case ReduceOp::kMin:
      return of_type<ReduceOp::kMin>(args);
    case ReduceOp::kProd:
      return of_type<ReduceOp::kProd>(args);
    case ReduceOp::kSumSquare:
    case ReduceOp::kL2:
      return of_type<ReduceOp::kSumSquare>(args);
    case ReduceOp::kL1:
      return of_type<ReduceOp::kL1>(args);
  }
}

}  // namespace
}  // namespace lathe::kernels

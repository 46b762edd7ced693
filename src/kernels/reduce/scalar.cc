#include <cstdint>

#include "kernels/fold_parts.h"
#include "kernels/reduce/args.h"

namespace lathe::kernels {
namespace {

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
void reduce_columns(const ReduceArgs& args) {
  const T* in = static_cast<const T*>(args.in);
  auto* totals = static_cast<Total*>(args.totals);
  for (std::size_t run = 0; run < args.runs; ++run, in += args.run_step) {
    for (std::size_t i = 0; i < args.count; ++i)
      totals[i] = combine<kOp>(totals[i], term<kOp>(static_cast<Total>(in[i])));
  }
}

template <ReduceOp kOp, typename T, typename Total>
Total reduce_runs(const ReduceArgs& args, const T* in) {
  Total parts[kFoldParts];
  for (Total& part : parts) part = reduce_identity<Total>(kOp);
  for (std::size_t run = 0; run < args.runs; ++run, in += args.run_step) {
    std::size_t i = 0;
    for (; i + kFoldParts <= args.count; i += kFoldParts) {
      for (std::size_t j = 0; j < kFoldParts; ++j)
        parts[j] = combine<kOp>(parts[j], term<kOp>(static_cast<Total>(in[i + j])));
    }
    for (std::size_t j = 0; i + j < args.count; ++j)
      parts[j] = combine<kOp>(parts[j], term<kOp>(static_cast<Total>(in[i + j])));
  }
  for (std::size_t width = kFoldParts / 2; width > 0; width /= 2)
    for (std::size_t j = 0; j < width; ++j) parts[j] = combine<kOp>(parts[j], parts[j + width]);
  return parts[0];
}

template <ReduceOp kOp, typename T, typename Total>
void loop(const ReduceArgs& args) {
  if (args.outputs == 0) return reduce_columns<kOp, T, Total>(args);
  auto* totals = static_cast<Total*>(args.totals);
  for (std::size_t o = 0; o < args.outputs; ++o) {
    const T* in = static_cast<const T*>(args.in) + static_cast<std::ptrdiff_t>(o) * args.out_step;
    totals[o] = combine<kOp>(totals[o], reduce_runs<kOp, T, Total>(args, in));
  }
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

}  // namespace

void reduce_scalar(const ReduceArgs& args) {
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

}  // namespace lathe::kernels

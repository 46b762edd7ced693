// Operators that make one number of all those along some axes.
#include "ops/reduce.h"

#include <limits>

#include "ops/axes_input.h"
#include "ops/convert_number.h"
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

Result<Types> infer_reduction(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  const bool keep = context.attributes().get_bool("keepdims");
  ir::TensorType y{x.data_type, std::nullopt};
  if (context.has_input(1) && context.constant(1) == nullptr) {
    if (x.shape && keep) y.shape = ir::Shape(x.shape->size());
    return std::vector{y};
  }
  ASSIGN_OR_RETURN(const auto axes, constant_axes(context, 1));
  if (!x.shape) return std::vector{y};
  ASSIGN_OR_RETURN(const auto reduced, reduced_axes(context.node(), axes, x.shape->size()));
  y.shape.emplace();
  for (std::size_t i = 0; i < x.shape->size(); ++i) {
    if (!reduced[i]) {
      y.shape->push_back((*x.shape)[i]);
    } else if (keep) {
      y.shape->emplace_back(1);
    }
  }
  return std::vector{y};
}

// What numbers of T are added up in. That of integers wraps around as T would.
template <typename T>
using Sum =
    std::conditional_t<std::is_floating_point_v<T>, double,
                       std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;

template <typename S>
S sum_of(S a, S b) {
  return wrapping(a, b, [](auto x, auto y) { return x + y; });
}
template <typename S>
S product_of(S a, S b) {
  return wrapping(a, b, [](auto x, auto y) { return x * y; });
}
template <typename S>
S magnitude_of(S a) {
  return a < S{0} ? wrapping(S{0}, a, [](auto x, auto y) { return x - y; }) : a;
}

// Reductions of elements of type T: what is known of those seen so far, and what `count` of them
// come to.
template <typename T>
struct SumOf {
  Sum<T> sum = 0;
  void add(T v) { sum = sum_of(sum, static_cast<Sum<T>>(v)); }
  T result(std::size_t) const { return static_cast<T>(sum); }
};

// Of no integers it is 0, of no other numbers NaN.
template <typename T>
struct MeanOf : SumOf<T> {
  T result(std::size_t count) const {
    if (std::is_integral_v<T> && count == 0) return T{0};
    return static_cast<T>(this->sum / static_cast<Sum<T>>(count));
  }
};

template <typename T>
struct SumOfSquares : SumOf<T> {
  void add(T v) {
    const auto wide = static_cast<Sum<T>>(v);
    this->sum = sum_of(this->sum, product_of(wide, wide));
  }
};

template <typename T>
struct SumOfMagnitudes : SumOf<T> {
  void add(T v) { this->sum = sum_of(this->sum, magnitude_of(static_cast<Sum<T>>(v))); }
};

template <typename T>
struct LogOfSum : SumOf<T> {
  T result(std::size_t) const {
    return convert_number<T>(std::log(static_cast<double>(this->sum)));
  }
};

template <typename T>
struct ProductOf {
  Sum<T> product = 1;
  void add(T v) { product = product_of(product, static_cast<Sum<T>>(v)); }
  T result(std::size_t) const { return static_cast<T>(product); }
};

template <typename T>
struct LengthOf {
  double squares = 0;
  void add(T v) { squares += static_cast<double>(v) * static_cast<double>(v); }
  T result(std::size_t) const { return convert_number<T>(std::sqrt(squares)); }
};

// log(sum(exp(v))) with the largest v taken out of the sum, which neither overflows nor vanishes.
template <typename T>
struct LogOfSumOfExponentials {
  double highest = -std::numeric_limits<double>::infinity();
  double sum = 0;
  void add(T v) {
    const auto x = static_cast<double>(v);
    if (x == highest) {
      sum += 1;  // also of infinities, which have no difference
    } else if (x > highest) {
      sum = sum * std::exp(highest - x) + 1;
      highest = x;
    } else {
      sum += std::exp(x - highest);
    }
  }
  T result(std::size_t) const { return convert_number<T>(highest + std::log(sum)); }
};

// The extreme of no numbers is what every number exceeds. NaN wherever one of the numbers is.
template <typename T>
struct MaxOf {
  T extreme = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                   : std::numeric_limits<T>::lowest();
  void add(T v) {
    if (v > extreme || v != v) extreme = v;
  }
  T result(std::size_t) const { return extreme; }
};

template <typename T>
struct MinOf {
  T extreme = std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity()
                                                   : std::numeric_limits<T>::max();
  void add(T v) {
    if (v < extreme || v != v) extreme = v;
  }
  T result(std::size_t) const { return extreme; }
};

template <template <typename> typename Reduction>
Result<Values> evaluate_reduction(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims axes = context.has_input(1) ? context.inputs[1].to_int64s() : Dims{};
  ASSIGN_OR_RETURN(const auto reduced, reduced_axes(context.node, axes, x.rank()));
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  Dims kept(x.dims());
  std::size_t count = 1;  // of the elements of x for each of y
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!reduced[i]) continue;
    count *= static_cast<std::size_t>(kept[i]);
    kept[i] = 1;
  }
  const Dims strides = broadcast_strides(kept, x.dims());
  dispatch_numeric_or_bool(x.data_type(), [&]<typename T>() {
    std::vector<Reduction<T>> reductions(static_cast<std::size_t>(y.num_elements()));
    Dims index(x.rank(), 0);
    for (const T v : x.data<T>()) {
      std::int64_t o = 0;
      for (std::size_t d = 0; d < index.size(); ++d) o += index[d] * strides[d];
      reductions[static_cast<std::size_t>(o)].add(v);
      next_index(index, x.dims());
    }
    auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = reductions[i].result(count);
  });
  return std::vector{std::move(y)};
}

template <template <typename> typename Reduction>
OpDef reduction(std::string_view name) {
  return {.name = name,
          .infer = infer_reduction,
          .evaluate = evaluate_reduction<Reduction>,
          .operand_shapes = {{1, OperandShape::Rule::kScalarOrVector}}};
}

}  // namespace

Result<std::vector<bool>> reduced_axes(const ir::Node& node, const Dims& axes, std::size_t rank) {
  std::vector<bool> reduced(rank,
                            axes.empty() && attributes(node).get_int("noop_with_empty_axes") == 0);
  ASSIGN_OR_RETURN(const auto normalized, normalize_axes(axes, rank));
  for (const std::size_t axis : normalized) reduced[axis] = true;
  return reduced;
}

OpDef define_ReduceL1() { return reduction<SumOfMagnitudes>("ReduceL1"); }
OpDef define_ReduceL2() { return reduction<LengthOf>("ReduceL2"); }
OpDef define_ReduceLogSum() { return reduction<LogOfSum>("ReduceLogSum"); }
OpDef define_ReduceLogSumExp() { return reduction<LogOfSumOfExponentials>("ReduceLogSumExp"); }
OpDef define_ReduceMax() { return reduction<MaxOf>("ReduceMax"); }
OpDef define_ReduceMean() { return reduction<MeanOf>("ReduceMean"); }
OpDef define_ReduceMin() { return reduction<MinOf>("ReduceMin"); }
OpDef define_ReduceProd() { return reduction<ProductOf>("ReduceProd"); }
OpDef define_ReduceSum() { return reduction<SumOf>("ReduceSum"); }
OpDef define_ReduceSumSquare() { return reduction<SumOfSquares>("ReduceSumSquare"); }

}  // namespace lathe::ops

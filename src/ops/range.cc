#include <cmath>

#include "ops/dispatch.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

constexpr std::int64_t kMostNumbers = ir::kMaxTensorBytes;

// max(ceil((limit - start) / delta), 0), in the arithmetic of T.
template <typename T>
Result<std::int64_t> count_numbers(T start, T limit, T delta) {
  if (delta == T{0}) return invalid_data("delta is 0");
  const auto too_many = [&] {
    return invalid_data("from {} to {} by {} are too many numbers", start, limit, delta);
  };
  if constexpr (std::is_floating_point_v<T>) {
    const T count = std::ceil((limit - start) / delta);
    if (count <= T{0}) return 0;
    if (!(count <= static_cast<T>(kMostNumbers))) return too_many();  // NaN too
    return static_cast<std::int64_t>(count);
  } else {
    if (delta > 0 ? limit <= start : limit >= start) return 0;
    const auto magnitude = [](T a, T b) {  // of a - b, which may not fit
      const auto x = static_cast<std::uint64_t>(a);
      const auto y = static_cast<std::uint64_t>(b);
      return a > b ? x - y : y - x;
    };
    const std::uint64_t count = (magnitude(limit, start) - 1) / magnitude(delta, 0) + 1;
    if (count > static_cast<std::uint64_t>(kMostNumbers)) return too_many();
    return static_cast<std::int64_t>(count);
  }
}

Result<Types> infer_range(const InferContext& context) {
  const ir::DataType type = context.input(0).data_type;
  const std::int64_t stash_type = context.attributes().get_int("stash_type");
  const bool is_half = type == ir::DataType::kFloat16 || type == ir::DataType::kBFloat16;
  if (is_half && stash_type != static_cast<std::int64_t>(ir::DataType::kFloat32))
    return unsupported("attribute 'stash_type' is {}, only float32 is supported", stash_type);
  ir::Dim count;
  const auto known = [&](std::size_t i) { return context.constant(i) != nullptr; };
  if (known(0) && known(1) && known(2)) {
    const ir::DataType wide = is_half ? ir::DataType::kFloat32 : type;
    ASSIGN_OR_RETURN(count, dispatch_numeric(wide, [&]<typename T>() {
                       const auto number = [&](std::size_t i) {
                         return context.constant(i)->cast(wide).template data<T>()[0];
                       };
                       return count_numbers(number(0), number(1), number(2));
                     }));
  }
  return std::vector{ir::TensorType{type, ir::Shape{count}}};
}

Result<Values> evaluate_range(const EvaluateContext& context) {
  const ir::Tensor& start = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(start.data_type(), require_dims(context.output_types[0])));
  dispatch_numeric(start.data_type(), [&]<typename T>() {
    using Wide = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;
    const auto first = static_cast<Wide>(start.data<T>()[0]);
    const auto delta = static_cast<Wide>(context.inputs[2].data<T>()[0]);
    auto out = y.mutable_data<T>();
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<T>(first + static_cast<Wide>(i) * delta);
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Range() {
  return {.name = "Range",
          .infer = infer_range,
          .evaluate = evaluate_range,
          .operand_shapes = {{0, OperandShape::Rule::kOneElement},
                             {1, OperandShape::Rule::kOneElement},
                             {2, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops

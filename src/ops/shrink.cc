#include "ops/convert_number.h"
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// The attributes are no integers: x + bias is computed in floating point and cut off for those,
// unless the bias is whole, when nothing is lost of large ones.
template <typename T>
T shifted(T x, double bias) {
  if constexpr (std::is_integral_v<T>) {
    if (bias != std::trunc(bias) || std::abs(bias) >= 0x1p62)
      return convert_number<T>(static_cast<double>(x) + bias);
    return wrapping(x, static_cast<T>(static_cast<std::int64_t>(bias)),
                    [](auto a, auto b) { return a + b; });
  } else {
    return x + static_cast<T>(bias);
  }
}

Result<Values> evaluate_shrink(const EvaluateContext& context) {
  const auto bias = static_cast<double>(context.attributes().get_float("bias"));
  const auto lambd = static_cast<double>(context.attributes().get_float("lambd"));
  return evaluate_unary(context.inputs[0], [bias, lambd]<typename T>(T x) {
    const auto number = static_cast<double>(x);
    if (number < -lambd) return shifted(x, bias);
    return number > lambd ? shifted(x, -bias) : T{0};
  });
}

}  // namespace

OpDef define_Shrink() {
  return {.name = "Shrink",
          .infer = infer_like_input,
          .evaluate = evaluate_shrink,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops

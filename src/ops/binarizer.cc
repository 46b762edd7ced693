#include <cmath>

#include "ir/domains.h"
#include "ops/elementwise.h"

namespace lathe::ops {
namespace {

// Exactly, also where no double holds the integer.
template <typename T>
bool is_greater(T value, double threshold) {
  if constexpr (std::is_integral_v<T>) {
    constexpr double kBound = 0x1p63;
    if (threshold < -kBound) return true;
    return threshold<kBound&& static_cast<std::int64_t>(value)> static_cast<std::int64_t>(
        std::floor(threshold));
  } else {
    return static_cast<double>(value) > threshold;
  }
}

Result<Values> evaluate_binarizer(const EvaluateContext& context) {
  const auto threshold = static_cast<double>(context.attributes().get_float("threshold"));
  return evaluate_unary(context.inputs[0],
                        [&](auto value) { return is_greater(value, threshold) ? 1 : 0; });
}

}  // namespace

OpDef define_Binarizer() {
  return {.name = "Binarizer",
          .domain = ir::kMlDomain,
          .infer = infer_like_input,
          .evaluate = evaluate_binarizer,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops

#include <algorithm>

#include "ops/dispatch.h"
#include "ops/pooling.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_global_max_pool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const auto plane = static_cast<std::size_t>(x.num_elements() / y.num_elements());
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::size_t p = 0; p < out.size(); ++p) {
      const auto image = in.subspan(p * plane, plane);
      out[p] = *std::max_element(image.begin(), image.end());
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_GlobalMaxPool() {
  return {
      .name = "GlobalMaxPool", .infer = infer_global_pool, .evaluate = evaluate_global_max_pool};
}

}  // namespace lathe::ops

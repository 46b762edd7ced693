#include <algorithm>

#include "ops/dispatch.h"
#include "ops/pooling.h"

namespace lathe::ops {
namespace {

Result<Values> evaluate_global_average_pool(const EvaluateContext& context) {
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
      double sum = 0;
      for (const T v : image) sum += static_cast<double>(v);
      out[p] = static_cast<T>(sum / static_cast<double>(plane));
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_GlobalAveragePool() {
  return {.name = "GlobalAveragePool",
          .infer = infer_global_pool,
          .evaluate = evaluate_global_average_pool};
}

}  // namespace lathe::ops

#include "ops/dispatch.h"
#include "ops/lp_norm.h"
#include "ops/pooling.h"

namespace lathe::ops {
namespace {

Result<Types> infer_lp_pool(const InferContext& context) {
  RETURN_IF_ERROR(check_norm_order(context.attributes()));
  return infer_pool(context);
}

// Padding counts as zeros, which add nothing.
Result<Values> evaluate_lp_pool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    LpNorm norm(context.attributes().get_int("p"));
    for_each_window(
        x.dims(), dims, pool_window(context.node, x), [&] { norm.clear(); },
        [&](std::size_t i, bool inside, bool) {
          if (inside) norm.add(static_cast<double>(in[i]));
        },
        [&](std::size_t o) { out[o] = static_cast<T>(norm.value()); });
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_LpPool() {
  return {.name = "LpPool", .infer = infer_lp_pool, .evaluate = evaluate_lp_pool};
}

}  // namespace lathe::ops

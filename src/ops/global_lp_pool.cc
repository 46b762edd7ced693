#include "ops/dispatch.h"
#include "ops/lp_norm.h"
#include "ops/pooling.h"

namespace lathe::ops {
namespace {

Result<Types> infer_global_lp_pool(const InferContext& context) {
  RETURN_IF_ERROR(check_norm_order(context.attributes()));
  return infer_global_pool(context);
}

Result<Values> evaluate_global_lp_pool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(x.data_type(), require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const auto plane = static_cast<std::size_t>(x.num_elements() / y.num_elements());
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    LpNorm norm(context.attributes().get_int("p"));
    for (std::size_t o = 0; o < out.size(); ++o) {
      norm.clear();
      for (const T v : in.subspan(o * plane, plane)) norm.add(static_cast<double>(v));
      out[o] = static_cast<T>(norm.value());
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_GlobalLpPool() {
  return {
      .name = "GlobalLpPool", .infer = infer_global_lp_pool, .evaluate = evaluate_global_lp_pool};
}

}  // namespace lathe::ops

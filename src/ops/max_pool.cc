#include <limits>

#include "ops/dispatch.h"
#include "ops/pooling.h"

namespace lathe::ops {
namespace {

Result<Types> infer_max_pool(const InferContext& context) {
  if (context.node().outputs.size() > 1) return unsupported("the Indices output");
  if (context.attributes().get_int("storage_order") != 0) return unsupported("storage_order 1");
  const ir::DataType type = context.input(0).data_type;
  if (!ir::is_floating_point(type) && type != ir::DataType::kInt8 && type != ir::DataType::kUint8) {
    return invalid_data("input is {}, expected floating point or 8-bit", ir::data_type_name(type));
  }
  return infer_pool(context);
}

Result<Values> evaluate_max_pool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    constexpr T kLowest = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                               : std::numeric_limits<T>::lowest();
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    T best = kLowest;
    for_each_window(
        x.dims(), dims, pool_window(context.node, x), [&] { best = kLowest; },
        [&](std::size_t i, bool inside, bool) {
          if (inside && in[i] > best) best = in[i];
        },
        [&](std::size_t o) { out[o] = best; });
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_MaxPool() {
  return {.name = "MaxPool",
          .infer = infer_max_pool,
          .evaluate = evaluate_max_pool,
          .traits = {.selects_elements = true}};
}

}  // namespace lathe::ops

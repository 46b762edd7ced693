#include <limits>

#include "ops/dispatch.h"
#include "ops/pooling.h"

namespace lathe::ops {
namespace {

Result<Types> infer_max_pool(const InferContext& context) {
  const std::int64_t storage_order = context.attributes().get_int("storage_order");
  if (storage_order != 0 && storage_order != 1) {
    return invalid_data("attribute 'storage_order' is {}, expected 0 (rows) or 1 (columns)",
                        storage_order);
  }
  const ir::DataType type = context.input(0).data_type;
  if (!ir::is_floating_point(type) && type != ir::DataType::kInt8 && type != ir::DataType::kUint8) {
    return invalid_data("input is {}, expected floating point or 8-bit", ir::data_type_name(type));
  }
  ASSIGN_OR_RETURN(Types types, infer_pool(context));
  if (context.node().outputs.size() > 1)
    types.emplace_back(ir::DataType::kInt64, types[0].tensor().shape);
  return types;
}

// The index of an element where the spatial axes of its image are counted in the other order: the
// first one is the fastest.
std::int64_t column_major_index(std::int64_t index, const Dims& dims) {
  std::int64_t in_image = 0;
  std::int64_t rest = index;
  for (std::size_t axis = dims.size() - 1; axis >= 2; --axis) {
    in_image = in_image * dims[axis] + rest % dims[axis];
    rest /= dims[axis];
  }
  return rest * product_of(std::span(dims).subspan(2)) + in_image;
}

// Indices are those of the first among equals; a window on padding alone has -1.
Result<Values> evaluate_max_pool(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  ir::Tensor indices;
  if (context.output_types.size() > 1) {
    ASSIGN_OR_RETURN(indices, ir::Tensor::create(ir::DataType::kInt64, dims));
  }
  const auto places =
      indices.defined() ? indices.mutable_data<std::int64_t>() : std::span<std::int64_t>();
  const bool by_columns = context.attributes().get_int("storage_order") == 1;
  dispatch_numeric(x.data_type(), [&]<typename T>() {
    constexpr T kLowest = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                               : std::numeric_limits<T>::lowest();
    constexpr std::int64_t kNowhere = -1;
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    T best = kLowest;
    std::int64_t place = kNowhere;
    for_each_window(
        x.dims(), dims, pool_window(context.node, x),
        [&] {
          best = kLowest;
          place = kNowhere;
        },
        [&](std::size_t i, bool inside, bool) {
          if (!inside) return;
          if (in[i] > best || place == kNowhere) place = static_cast<std::int64_t>(i);
          if (in[i] > best) best = in[i];
        },
        [&](std::size_t o) {
          out[o] = best;
          if (places.empty()) return;
          places[o] = by_columns && place != kNowhere ? column_major_index(place, x.dims()) : place;
        });
  });
  if (!indices.defined()) return std::vector{std::move(y)};
  return std::vector{std::move(y), std::move(indices)};
}

}  // namespace

OpDef define_MaxPool() {
  return {.name = "MaxPool",
          .infer = infer_max_pool,
          .evaluate = evaluate_max_pool,
          .traits = {.selects_elements = true}};
}

}  // namespace lathe::ops

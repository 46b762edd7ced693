#include <cmath>

#include "ir/domains.h"
#include "ops/dispatch.h"
#include "ops/key_index.h"
#include "ops/list_attribute.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// The elements' shape with one more axis, of the categories.
Result<Types> infer_one_hot_encoder(const InferContext& context) {
  const Attributes attributes = context.attributes();
  const ir::TensorType& x = context.input(0);
  const std::size_t numbers = list_attribute<std::int64_t>(attributes, "cats_int64s").size();
  const std::size_t words = list_attribute<std::string>(attributes, "cats_strings").size();
  if ((numbers == 0) == (words == 0)) {
    return invalid_data("cats_int64s and cats_strings are both {}, expected one of them",
                        words == 0 ? "empty" : "given");
  }
  if (x.data_type != ir::DataType::kUndefined &&
      (x.data_type == ir::DataType::kString) != (words > 0)) {
    return invalid_data("{} is {}, but {} is given", context.place(0),
                        ir::data_type_name(x.data_type),
                        words > 0 ? "cats_strings" : "cats_int64s");
  }
  ir::TensorType y{ir::DataType::kFloat32, x.shape};
  if (y.shape) y.shape->emplace_back(static_cast<std::int64_t>(numbers + words));
  return std::vector{y};
}

// Numbers are truncated; what no int64 holds is of no category.
template <typename T>
std::optional<std::size_t> category_of(const KeyIndex<std::int64_t>& index, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!(std::abs(value) < static_cast<T>(0x1p63))) return std::nullopt;
  }
  return index.find(static_cast<std::int64_t>(value));
}

Result<Values> evaluate_one_hot_encoder(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Attributes attributes = context.attributes();
  const bool may_be_none = attributes.get_bool("zeros");
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    require_dims(context.output_types[0])));
  const auto out = y.mutable_data<float>();
  const auto categories = static_cast<std::size_t>(y.dims().back());
  const auto mark = [&](std::size_t i, std::optional<std::size_t> category) -> Status {
    if (category) {
      out[i * categories + *category] = 1;
    } else if (!may_be_none) {
      return invalid_data("element {} is of no category, and zeros is 0", i);
    }
    return {};
  };
  if (x.data_type() == ir::DataType::kString) {
    const KeyIndex<std::string> index(list_attribute<std::string>(attributes, "cats_strings"));
    const auto in = x.data<std::string>();
    for (std::size_t i = 0; i < in.size(); ++i) RETURN_IF_ERROR(mark(i, index.find(in[i])));
  } else {
    const KeyIndex<std::int64_t> index(list_attribute<std::int64_t>(attributes, "cats_int64s"));
    const Status marked = dispatch_numeric(x.data_type(), [&]<typename T>() -> Status {
      const auto in = x.data<T>();
      for (std::size_t i = 0; i < in.size(); ++i)
        RETURN_IF_ERROR(mark(i, category_of(index, in[i])));
      return {};
    });
    RETURN_IF_ERROR(marked);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_OneHotEncoder() {
  return {.name = "OneHotEncoder",
          .domain = ir::kMlDomain,
          .infer = infer_one_hot_encoder,
          .evaluate = evaluate_one_hot_encoder};
}

}  // namespace lathe::ops

#include "ir/domains.h"
#include "ops/key_index.h"
#include "ops/list_attribute.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// Strings become integers, and integers strings.
Result<Types> infer_category_mapper(const InferContext& context) {
  const Attributes attributes = context.attributes();
  const std::size_t numbers = list_attribute<std::int64_t>(attributes, "cats_int64s").size();
  const std::size_t words = list_attribute<std::string>(attributes, "cats_strings").size();
  if (numbers != words) {
    return invalid_data("cats_int64s has {} values, but cats_strings has {}: expected as many",
                        numbers, words);
  }
  const ir::TensorType& x = context.input(0);
  const ir::DataType type =
      x.data_type == ir::DataType::kString ? ir::DataType::kInt64 : ir::DataType::kString;
  return std::vector{ir::TensorType{type, x.shape}};
}

template <typename From, typename To>
Result<Values> map_categories(const ir::Tensor& x, std::span<const From> from,
                              std::span<const To> to, const To& other) {
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::kDataTypeOf<To>, x.dims()));
  const KeyIndex<From> index(from);
  const auto in = x.data<From>();
  const auto out = y.mutable_data<To>();
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto found = index.find(in[i]);
    out[i] = found ? to[*found] : other;
  }
  return std::vector{std::move(y)};
}

Result<Values> evaluate_category_mapper(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Attributes attributes = context.attributes();
  const auto numbers = list_attribute<std::int64_t>(attributes, "cats_int64s");
  const auto words = list_attribute<std::string>(attributes, "cats_strings");
  if (x.data_type() == ir::DataType::kString)
    return map_categories(x, words, numbers, attributes.get_int("default_int64"));
  return map_categories(x, numbers, words, attributes.get_string("default_string"));
}

}  // namespace

OpDef define_CategoryMapper() {
  return {.name = "CategoryMapper",
          .domain = ir::kMlDomain,
          .infer = infer_category_mapper,
          .evaluate = evaluate_category_mapper,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops

#include <algorithm>
#include <array>

#include "ir/domains.h"
#include "ops/element_copy.h"
#include "ops/key_index.h"
#include "ops/list_attribute.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// The one list of `keys_` or `values_` that has elements.
Result<ir::Tensor> read_encoding(const Attributes& attributes, std::string_view prefix) {
  const auto name = [&](std::string_view kind) { return fmt::format("{}_{}", prefix, kind); };
  std::vector<ir::Tensor> given;
  if (const auto list = list_attribute<float>(attributes, name("floats")); !list.empty())
    given.push_back(vector_of(list));
  if (const auto list = list_attribute<std::int64_t>(attributes, name("int64s")); !list.empty())
    given.push_back(vector_of(list));
  if (const auto list = list_attribute<std::string>(attributes, name("strings")); !list.empty())
    given.push_back(vector_of(list));
  if (const ir::Attribute* tensor = attributes.find(name("tensor")))
    given.push_back(std::get<ir::Tensor>(*tensor));
  if (given.size() != 1) {
    return invalid_data("{} of {}_floats, {}_int64s, {}_strings and {}_tensor, expected one",
                        given.empty() ? "there is none" : "there are several", prefix, prefix,
                        prefix, prefix);
  }
  if (given[0].rank() != 1) {
    return invalid_data("{}_tensor has shape {}, expected a vector", prefix,
                        ir::to_string(given[0].dims()));
  }
  return given[0];
}

// What stands for all that is no key, of the type of the values.
Result<ir::Tensor> read_default(const Attributes& attributes, ir::DataType type) {
  if (const ir::Attribute* attribute = attributes.find("default_tensor")) {
    const auto& tensor = std::get<ir::Tensor>(*attribute);
    if (tensor.data_type() == type && tensor.num_elements() == 1) return tensor;
    return invalid_data("default_tensor is {}, expected one {}", tensor.type().to_string(),
                        ir::data_type_name(type));
  }
  if (type == ir::DataType::kString)
    return ir::Tensor::scalar(attributes.get_string("default_string"));
  const bool real = ir::is_floating_point(type);
  return real ? ir::Tensor::scalar(attributes.get_float("default_float")).cast(type)
              : ir::Tensor::scalar(attributes.get_int("default_int64")).cast(type);
}

struct Encoding {
  ir::Tensor keys;
  ir::Tensor values;
  ir::Tensor other;
};

Result<Encoding> read_label_encoding(const Attributes& attributes) {
  Encoding encoding;
  ASSIGN_OR_RETURN(encoding.keys, read_encoding(attributes, "keys"));
  ASSIGN_OR_RETURN(encoding.values, read_encoding(attributes, "values"));
  const ir::DataType type = encoding.values.data_type();
  constexpr std::array kTypes = {ir::DataType::kFloat32, ir::DataType::kFloat64,
                                 ir::DataType::kInt16,   ir::DataType::kInt32,
                                 ir::DataType::kInt64,   ir::DataType::kString};
  if (std::ranges::find(kTypes, type) == kTypes.end())
    return unsupported("values of {} are not labels", ir::data_type_name(type));
  if (encoding.keys.num_elements() != encoding.values.num_elements()) {
    return invalid_data("there are {} keys, but {} values: expected as many",
                        encoding.keys.num_elements(), encoding.values.num_elements());
  }
  ASSIGN_OR_RETURN(encoding.other, read_default(attributes, type));
  return encoding;
}

Result<Types> infer_label_encoder(const InferContext& context) {
  ASSIGN_OR_RETURN(const Encoding encoding, read_label_encoding(context.attributes()));
  const ir::TensorType& x = context.input(0);
  if (x.data_type != ir::DataType::kUndefined && x.data_type != encoding.keys.data_type()) {
    return invalid_data("{} is {}, but the keys are {}", context.place(0),
                        ir::data_type_name(x.data_type),
                        ir::data_type_name(encoding.keys.data_type()));
  }
  return std::vector{ir::TensorType{encoding.values.data_type(), x.shape}};
}

template <typename T>
void encode(const ir::Tensor& x, const Encoding& encoding, ir::Tensor& y) {
  const KeyIndex<T> index(encoding.keys.data<T>());
  ElementCopier known(encoding.values, y);
  ElementCopier unknown(encoding.other, y);
  const auto in = x.data<T>();
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto found = index.find(in[i]);
    const auto to = static_cast<std::int64_t>(i);
    found ? known.copy(static_cast<std::int64_t>(*found), to) : unknown.copy(0, to);
  }
}

Result<Values> evaluate_label_encoder(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const Encoding encoding, read_label_encoding(context.attributes()));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(encoding.values.data_type(), x.dims()));
  switch (x.data_type()) {
    case ir::DataType::kFloat32:
      encode<float>(x, encoding, y);
      break;
    case ir::DataType::kFloat64:
      encode<double>(x, encoding, y);
      break;
    case ir::DataType::kInt16:
      encode<std::int16_t>(x, encoding, y);
      break;
    case ir::DataType::kInt32:
      encode<std::int32_t>(x, encoding, y);
      break;
    case ir::DataType::kInt64:
      encode<std::int64_t>(x, encoding, y);
      break;
    default:
      encode<std::string>(x, encoding, y);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_LabelEncoder() {
  return {.name = "LabelEncoder",
          .domain = ir::kMlDomain,
          .infer = infer_label_encoder,
          .evaluate = evaluate_label_encoder,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops

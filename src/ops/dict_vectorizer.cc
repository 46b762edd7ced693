#include "ir/domains.h"
#include "ops/element_copy.h"
#include "ops/key_index.h"
#include "ops/list_attribute.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// A row, as ONNX Runtime and exporters have it, though the specification speaks of a vector.
Result<Types> infer_dict_vectorizer(const InferContext& context) {
  const Attributes attributes = context.attributes();
  const std::size_t numbers = list_attribute<std::int64_t>(attributes, "int64_vocabulary").size();
  const std::size_t words = list_attribute<std::string>(attributes, "string_vocabulary").size();
  const ir::Type& map = context.input_type(0);
  const bool by_words = map.known() ? map.key() == ir::DataType::kString : words > 0;
  if ((by_words ? numbers : words) > 0 || (by_words ? words : numbers) == 0) {
    return invalid_data(
        "int64_vocabulary has {} values and string_vocabulary {}, expected {} alone", numbers,
        words, by_words ? "string_vocabulary" : "int64_vocabulary");
  }
  const ir::DataType type =
      map.known() ? map.element().tensor().data_type : ir::DataType::kUndefined;
  return std::vector{
      ir::TensorType{type, ir::Shape{1, static_cast<std::int64_t>(numbers + words)}}};
}

// What the map has for each word of the vocabulary; 0 or an empty string where it has nothing.
template <typename Key>
Status look_up(const ir::Datum::Map& map, std::span<const Key> vocabulary, ir::Tensor& y) {
  const KeyIndex<Key> index(map.keys.data<Key>());
  for (std::size_t i = 0; i < vocabulary.size(); ++i) {
    const auto found = index.find(vocabulary[i]);
    if (!found) continue;
    const ir::Tensor* value = map.values[*found].tensor();
    if (value == nullptr || value->num_elements() != 1 || value->data_type() != y.data_type())
      return invalid_data("the value of key {} is no {}", vocabulary[i], map.value.to_string());
    ElementCopier(*value, y).copy(0, static_cast<std::int64_t>(i));
  }
  return {};
}

Result<Values> evaluate_dict_vectorizer(const EvaluateContext& context) {
  const ir::Datum::Map& map = *context.values[0].map();
  const Attributes attributes = context.attributes();
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(map.value.tensor().data_type,
                                                    require_dims(context.output_types[0])));
  if (map.keys.data_type() == ir::DataType::kString) {
    RETURN_IF_ERROR(look_up(map, list_attribute<std::string>(attributes, "string_vocabulary"), y));
  } else {
    RETURN_IF_ERROR(look_up(map, list_attribute<std::int64_t>(attributes, "int64_vocabulary"), y));
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_DictVectorizer() {
  return {.name = "DictVectorizer",
          .domain = ir::kMlDomain,
          .infer = infer_dict_vectorizer,
          .evaluate = evaluate_dict_vectorizer};
}

}  // namespace lathe::ops

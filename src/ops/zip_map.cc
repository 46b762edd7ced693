#include <algorithm>

#include "ir/domains.h"
#include "ops/class_labels.h"
#include "ops/key_index.h"
#include "ops/samples.h"

namespace lathe::ops {
namespace {

Result<Types> infer_zip_map(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::Tensor labels,
                   read_class_labels(context.attributes(), "classlabels_int64s"));
  ASSIGN_OR_RETURN(const Samples samples, infer_samples(context));
  if (samples.features.known() && samples.features.value() != labels.num_elements()) {
    return invalid_data("{} has {} columns, expected one for each of {} labels", context.place(0),
                        samples.features.value(), labels.num_elements());
  }
  return Types{ir::Type::sequence(
      ir::Type::map(labels.data_type(), ir::Type(ir::DataType::kFloat32, std::nullopt)))};
}

// The columns that keys come from, in the order of the keys: one that repeats has its last value.
template <typename T>
std::vector<std::size_t> columns_of_keys(const ir::Tensor& labels) {
  const auto keys = labels.data<T>();
  const KeyIndex<T> index(keys);
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (index.find(keys[i]) == i) columns.push_back(i);
  std::ranges::sort(columns, {}, [&](std::size_t i) { return keys[i]; });
  return columns;
}

Result<Values> evaluate_zip_map(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(const ir::Tensor labels,
                   read_class_labels(context.attributes(), "classlabels_int64s"));
  const bool words = labels.data_type() == ir::DataType::kString;
  const std::vector<std::size_t> columns =
      words ? columns_of_keys<std::string>(labels) : columns_of_keys<std::int64_t>(labels);
  ASSIGN_OR_RETURN(
      ir::Tensor keys,
      ir::Tensor::create(labels.data_type(), Dims{static_cast<std::int64_t>(columns.size())}));
  ElementCopier copier(labels, keys);
  for (std::size_t i = 0; i < columns.size(); ++i)
    copier.copy(static_cast<std::int64_t>(columns[i]), static_cast<std::int64_t>(i));

  const ir::Type value(ir::DataType::kFloat32, std::nullopt);
  ir::Datum::Sequence sequence{ir::Type::map(labels.data_type(), value), {}};
  const auto in = x.data<float>();
  const auto width = static_cast<std::size_t>(labels.num_elements());
  for (std::size_t first = 0; first < in.size(); first += width) {
    ir::Datum::Map map{keys, value, {}};
    for (const std::size_t column : columns)
      map.values.emplace_back(ir::Tensor::scalar(in[first + column]));
    sequence.items.emplace_back(std::move(map));
  }
  Values values;
  values.emplace_back(std::move(sequence));
  return values;
}

}  // namespace

OpDef define_ZipMap() {
  return {.name = "ZipMap",
          .domain = ir::kMlDomain,
          .infer = infer_zip_map,
          .evaluate = evaluate_zip_map};
}

}  // namespace lathe::ops

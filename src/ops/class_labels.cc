#include "ops/class_labels.h"

#include <algorithm>

#include "ops/list_attribute.h"

namespace lathe::ops {
namespace {

template <typename T>
ir::Tensor with_label(const ir::Tensor& labels, T none) {
  const auto given = labels.data<T>();
  std::vector<T> all(given.begin(), given.end());
  all.push_back(std::move(none));
  return vector_of<T>(all);
}

}  // namespace

Result<ir::Tensor> read_class_labels(const Attributes& attributes, std::string_view integers) {
  const auto numbers = list_attribute<std::int64_t>(attributes, integers);
  const auto words = list_attribute<std::string>(attributes, "classlabels_strings");
  if (numbers.empty() == words.empty()) {
    return invalid_data("{} and classlabels_strings are both {}, expected one of them", integers,
                        words.empty() ? "empty" : "given");
  }
  return words.empty() ? vector_of(numbers) : vector_of(words);
}

std::size_t top_class(std::span<const double> scores) {
  return static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
}

LabelWriter::LabelWriter(const ir::Tensor& labels, ir::Tensor& output)
    : labels_(labels.data_type() == ir::DataType::kString ? with_label<std::string>(labels, "0")
                                                          : with_label<std::int64_t>(labels, 0)),
      none_(static_cast<std::size_t>(labels.num_elements())),
      copier_(labels_, output) {}

}  // namespace lathe::ops

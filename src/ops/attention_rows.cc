#include "ops/attention_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/numeric.h"

namespace lathe::ops {
namespace {

double round_to_precision(std::optional<ir::DataType> precision, double value) {
  if (!precision || *precision == ir::DataType::kFloat64) return value;
  const auto narrow = static_cast<float>(value);
  switch (*precision) {
    case ir::DataType::kFloat16:
      return static_cast<double>(float16_to_float(float_to_float16(narrow)));
    case ir::DataType::kBFloat16:
      return static_cast<double>(bfloat16_to_float(float_to_bfloat16(narrow)));
    default:
      return static_cast<double>(narrow);
  }
}

}  // namespace

Result<std::optional<ir::DataType>> softmax_precision(const Attributes& attributes) {
  const std::int64_t* number = attributes.find_int("softmax_precision");
  if (number == nullptr) return std::optional<ir::DataType>();
  for (const ir::DataType type : {ir::DataType::kFloat32, ir::DataType::kFloat16,
                                  ir::DataType::kFloat64, ir::DataType::kBFloat16})
    if (*number == static_cast<std::int64_t>(type)) return std::optional(type);
  return invalid_data("softmax_precision is {}, expected 1, 10, 11 or 16", *number);
}

double attention_scale(const Attributes& attributes, std::int64_t head_size) {
  const ir::Attribute* given = attributes.find("scale");
  return given != nullptr ? static_cast<double>(std::get<float>(*given))
                          : 1 / std::sqrt(static_cast<double>(head_size));
}

AttentionProducts::AttentionProducts(const ir::Tensor& queries, std::int64_t packed_heads,
                                     const ir::Tensor& keys, double scale)
    : queries_(queries.cast(ir::DataType::kFloat64)),
      keys_(keys.cast(ir::DataType::kFloat64)),
      query_layout_(queries.dims(), packed_heads),
      key_layout_(keys.dims(), 0),
      scale_(scale) {}

void AttentionProducts::row(std::int64_t batch, std::int64_t head, std::int64_t query,
                            std::span<double> row) const {
  const auto vector = query_layout_.vector(queries_.data<double>(), batch, head, query);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto key = key_layout_.vector(keys_.data<double>(), batch, key_head(head),
                                        static_cast<std::int64_t>(i));
    double sum = 0;
    for (std::size_t j = 0; j < vector.size(); ++j) sum += vector[j] * key[j];
    row[i] = vector.empty() ? 0 : scale_ * sum;
  }
}

void softmax_in_place(std::span<double> row, std::optional<ir::DataType> precision) {
  double largest = -std::numeric_limits<double>::infinity();
  for (double& score : row) {
    score = round_to_precision(precision, score);
    largest = std::isnan(score) ? score : std::max(largest, score);
  }
  double sum = 0;
  for (double& score : row) sum += score = std::exp(score - largest);
  for (double& score : row) score = round_to_precision(precision, score / sum);
}

void sum_values(std::span<const double> probabilities, const ir::Tensor& values, std::int64_t batch,
                std::int64_t head, std::span<double> sum) {
  const HeadLayout layout(values.dims(), 0);
  std::fill(sum.begin(), sum.end(), 0.0);
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] == 0) continue;
    const auto value =
        layout.vector(values.data<double>(), batch, head, static_cast<std::int64_t>(i));
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += probabilities[i] * value[j];
  }
}

}  // namespace lathe::ops

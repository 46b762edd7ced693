#include "measure/tensor_difference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lathe::measure {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double difference_of(double expected, double actual) {
  if (std::isnan(expected) || std::isnan(actual)) {
    return std::isnan(expected) && std::isnan(actual) ? 0 : kInfinity;
  }
  if (std::isinf(expected) || std::isinf(actual)) return expected == actual ? 0 : kInfinity;
  return std::abs(expected - actual);
}

std::int64_t place_of_largest(const ir::Tensor& tensor, std::int64_t first, std::int64_t count) {
  std::int64_t best = 0;
  for (std::int64_t i = 1; i < count; ++i) {
    if (tensor.get_double(first + i) > tensor.get_double(first + best)) best = i;
  }
  return best;
}

}  // namespace

Status TensorDifference::add(const ir::Tensor& expected, const ir::Tensor& actual,
                             std::int64_t rows) {
  if (expected.type() != actual.type()) {
    return invalid_data("is {}, expected {}", actual.type().to_string(),
                        expected.type().to_string());
  }
  if (expected.data_type() == ir::DataType::kString) return unsupported("holds strings");
  std::int64_t count = expected.num_elements();
  if (rows >= 0 && expected.rank() > 0 && expected.dim(0) > rows) {
    count = count / expected.dim(0) * rows;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const double wanted = expected.get_double(i);
    max_absolute_ = std::max(max_absolute_, difference_of(wanted, actual.get_double(i)));
    if (std::isfinite(wanted)) scale_ = std::max(scale_, std::abs(wanted));
  }
  elements_ += count;
  if (expected.rank() == 2 && expected.dim(1) >= 2) {
    const std::int64_t classes = expected.dim(1);
    for (std::int64_t first = 0; first < count; first += classes) {
      ++rows_;
      if (place_of_largest(expected, first, classes) == place_of_largest(actual, first, classes)) {
        ++agreeing_;
      }
    }
  }
  return {};
}

double TensorDifference::max_relative() const {
  if (max_absolute_ == 0) return 0;
  return scale_ == 0 ? kInfinity : max_absolute_ / scale_;
}

double TensorDifference::top1_agreement() const {
  return rows_ == 0 ? 1 : static_cast<double>(agreeing_) / static_cast<double>(rows_);
}

}  // namespace lathe::measure

// How far two tensors, or two runs of the same output, lie apart.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "ir/tensor.h"

namespace lathe::measure {

// Adds up over many pairs of tensors.
class TensorDifference {
 public:
  // The first `rows` rows of both count; -1: all. An error where types differ.
  Status add(const ir::Tensor& expected, const ir::Tensor& actual, std::int64_t rows = -1);

  // The largest difference of two elements. Infinite where only one is a number, or their signs of
  // infinity differ.
  [[nodiscard]] double max_absolute() const { return max_absolute_; }
  // The same as a share of the largest magnitude expected anywhere: differences near zero weigh as
  // much as they matter. 0 where nothing differs.
  [[nodiscard]] double max_relative() const;
  [[nodiscard]] std::int64_t elements() const { return elements_; }
  // Rows [N, classes >= 2] whose largest element is at the same place, as a share of all rows; ties
  // go to the lower place. 1 where there are no such rows.
  [[nodiscard]] double top1_agreement() const;
  [[nodiscard]] std::int64_t top1_rows() const { return rows_; }

 private:
  double max_absolute_ = 0;
  double scale_ = 0;
  std::int64_t elements_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t agreeing_ = 0;
};

}  // namespace lathe::measure

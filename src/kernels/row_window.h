// Problems whose output can be made some rows of an image at a time, from some rows of the input.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/problem.h"

namespace lathe::kernels {

struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
  bool operator==(const RowRange&) const = default;
};

// Which rows of its first input, and of it alone, a row of the output follows from: row y from
// `reach` of them from y * stride - pad_top on, as far as the image has them. Further inputs have
// the output's rows.
struct RowWindow {
  std::int64_t batch = 1;
  std::int64_t in_h = 1;
  std::int64_t out_h = 1;
  std::int64_t stride = 1;
  std::int64_t reach = 1;
  std::int64_t pad_top = 0;
  std::int64_t out_w = 1;

  [[nodiscard]] RowRange inputs_of(RowRange out) const;
  // Whether there are any for each row of the output.
  [[nodiscard]] bool covers_all() const;
};

// Nothing for problems of other kinds.
std::optional<RowWindow> row_window(const Problem& problem);

// The same of these rows of one image, on the inputs that inputs_of() names. The problem has a
// window. Allocates nothing.
Problem of_rows(const Problem& problem, RowRange out);

}  // namespace lathe::kernels

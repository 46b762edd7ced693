// What the body of a Loop or Scan makes of one output in each run, put on top of each other.
#pragma once

#include <vector>

#include "ir/datum.h"

namespace lathe::ops {

class SliceStack {
 public:
  // `number` is for messages. The type of one slice is needed where there is none.
  SliceStack(std::size_t number, ir::TensorType type) : number_(number), type_(std::move(type)) {}

  // Refuses what is no tensor, or of another type than the slices before.
  Status add(const ir::Datum& value);
  // A tensor with one axis more, which has an extent for each slice: in the order of adding, or the
  // last one first. `axis` may count from the end.
  [[nodiscard]] Result<ir::Tensor> stack(std::int64_t axis = 0, bool reversed = false) const;

 private:
  std::size_t number_;
  ir::TensorType type_;
  std::vector<ir::Tensor> slices_;
};

}  // namespace lathe::ops

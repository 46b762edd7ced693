// One call of an operator, for tests of what damaged operands do.
#pragma once

#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace lathe::ops {

struct OperatorCase {
  std::string_view op;
  std::vector<ir::Tensor> inputs;
  ir::AttributeMap attributes = {};
  std::string_view domain = "";
  std::size_t outputs = 1;
};

}  // namespace lathe::ops

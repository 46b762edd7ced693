#include <algorithm>

#include "ops/op_def.h"

namespace lathe::ops {

#define LATHE_OP(name) OpDef define_##name();
#include "ops/ops.inc"
#undef LATHE_OP

std::span<const OpDef> all_ops() {
  static const std::vector<OpDef> ops = {
#define LATHE_OP(name) define_##name(),
#include "ops/ops.inc"
#undef LATHE_OP
  };
  return ops;
}

const OpDef* find_op(std::string_view domain, std::string_view name) {
  const std::span<const OpDef> ops = all_ops();
  const auto it = std::find_if(ops.begin(), ops.end(), [&](const OpDef& op) {
    return op.name == name && op.domain == domain;
  });
  return it == ops.end() ? nullptr : &*it;
}

}  // namespace lathe::ops
